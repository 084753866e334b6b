"""The properties by which a person marks a photo."""

__all__ = ["KIND_OF_SIGN"]

KIND_OF_SIGN = {
    "xmp:Rating": "rating",
    "xmpDM:pick": "flag",
    "digiKam:PickLabel": "flag",
    "xmp:Label": "label",
    "digiKam:ColorLabel": "label",
    "darktable:colorlabels": "label",
}
"""Property → its meaning. We write the first four."""
