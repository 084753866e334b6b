"""XMP packets in sidecars and photos, and the marks that people gave in them."""
