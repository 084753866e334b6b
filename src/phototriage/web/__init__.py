"""The page on which a person reviews a folder: a server for the browser on the same machine."""
