"""The subjects of scenes: one file per kind, each with a `paint_<kind>(canvas, rng)`."""
