"""What the page of the tests shows."""

import os

SERIES = 24
NAMES = (
    "<img src=x onerror=document.title='run'>.jpg",
    "a</script><script>document.title='run'</script>.jpg",
    "\"'&amp;`.jpg",
    "two\nlines.jpg",
    "100%25 #1?.jpg",
    "\u202egpj.exe.jpg",
    "日本 שלום é.jpg",
    os.fsdecode(b"\xff.jpg"),
)
OTHERS = ("turned.jpg", "deep.tif", "gone.jpg", "small.jpg")
