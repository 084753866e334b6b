"""Numbers per photo: extractors and the store."""

import lazy_loader

# Each name of the stub is imported on first use: every decoding process imports this package and needs
# little of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
