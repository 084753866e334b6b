"""What a scene can show: one file per kind, each a `paint_<kind>(canvas, rng)`."""
