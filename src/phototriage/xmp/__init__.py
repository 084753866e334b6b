"""XMP: packets, in sidecars and in photos, and what a person has said there."""
