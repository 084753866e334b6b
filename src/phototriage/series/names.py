"""What the name of a file says about the photo that it shows."""

import re
from collections.abc import Container, Iterator

from phototriage.photos import PHOTO_SUFFIXES
from phototriage.photos.plain_name import plain_name

__all__ = ["converted_from", "original_stem", "shot_stem"]


_OF_CAMERA = re.compile(r"[a-z]+_?\d+", re.ASCII)
"""The usual names, such as img_0001: they say nothing of versions, so nothing else need be looked for."""


def _any_of(words: str) -> str:
    return "|".join(words.split())


# Google Photos puts "edited" behind the name in the language of its user, and Takeout a number behind that.
_EDITED = r"""
    edited edit effects smile mix retouched bearbeitet bewerkt redigerad redigeret redigert
    muokattu modifié modifiée modificato modificata editado editada ha\seditado editat editată
    edytowane edytowano edytowany zedytowane upraveno upravené upravený szerkesztett szerkesztve
    düzenlendi düzenlenmiş diedit uređeno urejeno redaguota rediģēts muudetud redigeeritud изменено
    измененный изменённый отредактировано змінено відредаговано редактирано редактирана измењено
    επεξεργασμένη επεξεργασμένο đã\schỉnh\ssửa 編集済み 編集済 已编辑 已編輯 已修改 编辑 編輯
    수정됨 편집됨 แก้ไขแล้ว נערך
    breytt ערוך معدّلة معدلة تم\sتعديلها संपादित
"""
_COPY = """
    copy kopie kopia kopi kopio copie copia cópia копия копія kopya kópia másolat コピー 副本 拷贝 複製 복사본
"""

# What programs put behind the name of the original, each only where such an original lies beside it.
# "(1)", "-2", "_01" and " 2" are left out on purpose: some programs number copies so, others other photos.
_VERSION = re.compile(
    rf"""(
      [-_ ]({_any_of(_EDITED)})([-_ ]?\d+)?   # Lightroom's too: IMG_1-Edit-2
    | -enhanced(-(nr|sr|rd))*                # Lightroom's noise removal and enlargement
    | ~\d+                                   # Android's and Google's editors
    | (([ ]-[ ]|[-_ ])({_any_of(_COPY)})|のコピー)([ ]?\d+|[ ]?\(\d+\))?   # macOS and Photoshop; Windows
    | _dxo(_\w+)?                            # DxO PhotoLab
    )$""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[ ]?\(\d+\)$")
_IPHONE_EDIT = re.compile(r"(img_)e(\d{4}(?:[ ]?\(\d+\))?)")

# A Pixel names what it made of one press by its modes: PXL_….RAW-01.MP.COVER.jpg, PXL_….RAW-02.ORIGINAL.dng.
# Those of a burst are other photos.
_PIXEL = re.compile(r"(pxl_\d+(?:_\d+)?)(?!.*\.burst)(?:\.[a-z][a-z_]*(?:-\d+)?)+(.*)")
_PIXEL_PART = re.compile(r"\.(?!burst)[a-z_]+-\d\d(\.mp)?\.(cover|original)")
_OLD_PORTRAIT = re.compile(r"\d{5}[a-z]?portrait_\d{5}_burst(\d+)(?:_cover)?")


def shot_stem(name: str) -> str:
    """What the names of the files of one press of the shutter have in common, if none was edited."""
    plain = plain_name(name)
    stem = plain.rpartition(".")[0] or plain
    if _OF_CAMERA.fullmatch(stem):
        return stem
    if pixel := _PIXEL.fullmatch(stem):
        return "".join(pixel.groups())
    if portrait := _OLD_PORTRAIT.match(stem):
        return f"portrait_{portrait[1]}{stem[portrait.end() :]}"
    return _PIXEL_PART.sub("", stem)


def converted_from(stem: str) -> str:
    """The stem of the file that a converter added its suffix to, as in DJI_1.DNG.jpg; "" for other stems."""
    rest, _, suffix = stem.rpartition(".")
    return rest if f".{suffix}" in PHOTO_SUFFIXES else ""


def original_stem(stem: str, stems: Container[str]) -> str:
    """The stem of the photo that one is a version of, among those of its folder; itself where there is none.

    Args:
        stem, stems: as `shot_stem` gives them.
    """
    if _OF_CAMERA.fullmatch(stem):
        return stem
    while shorter := next((each for each in _shorter(stem) if each in stems), None):
        stem = shorter
    return stem


def _shorter(stem: str) -> Iterator[str]:
    """The names that this one may be made of, the likeliest first."""
    if edited := _IPHONE_EDIT.fullmatch(stem):
        yield "".join(edited.groups())
    number = _NUMBER.search(stem)
    if number and (found := _VERSION.search(stem[: number.start()])):
        yield stem[: found.start()] + number[0]
        yield stem[: found.start()]
    name = stem
    while found := _VERSION.search(name):
        name = name[: found.start()]
        yield name
        yield converted_from(name)
