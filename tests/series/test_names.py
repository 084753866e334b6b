from unicodedata import normalize

import pytest

from phototriage.series.names import original_stem, shot_stem


def is_version(original: str, version: str) -> bool:
    stems = {shot_stem(original), shot_stem(version)}
    return original_stem(shot_stem(version), stems) == shot_stem(original)


WORDS = (
    *("-edited", "-bearbeitet", "-bewerkt", "-modifié", "-modificato", "-editado", "-ha editado", "-editat"),
    *("-edytowane", "-redigerad", "-redigeret", "-redigert", "-muokattu", "-upraveno", "-düzenlendi"),
    *("-измененный", "-відредаговано", "-επεξεργασμένο", "-đã chỉnh sửa", "-編集済み", "-已修改", "-수정됨"),
    *(
        "-แก้ไขแล้ว",
        "-נערך",
        "-معدّلة",
        "-संपादित",
        "-breytt",
        "-DÜZENLENDİ",
        "-EDITED",
        "-Bearbeitet",
        "-effects",
    ),
)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_edits_in_the_languages_of_their_editors(word: str, form: str) -> None:
    spelt = normalize(form, word)  # type: ignore[arg-type]
    assert is_version("IMG_1.jpg", f"IMG_1{spelt}.jpg")
    assert is_version("IMG_1(2).jpg", f"IMG_1{spelt}(2).jpg")
    assert is_version("IMG_1.jpg", f"IMG_1{spelt}(1).jpg")


@pytest.mark.parametrize(
    "version",
    [
        *("IMG_1 Kopie.jpg", "IMG_1 - Kopie (2).jpg", "IMG_1 copie 2.jpg", "IMG_1 - Copia.jpg"),
        *(
            "IMG_1のコピー.jpg",
            "IMG_1 - コピー.jpg",
            "IMG_1 拷贝.jpg",
            "IMG_1 - Kopia.jpg",
            "IMG_1-Bearbeitet-8.jpg",
        ),
        *("IMG_1-edited copy.jpg", "IMG_1.CR2_DxO.jpg"),
    ],
)
def test_copies_in_other_languages(version: str) -> None:
    assert is_version("IMG_1.jpg", version)


@pytest.mark.parametrize(
    "other",
    [
        *("IMG_1-vacances.jpg", "IMG_1-HDR.jpg", "IMG_1 photo.jpg", "IMG_1copy.jpg", "IMG_1-2.jpg"),
        *("IMG_1(1).jpg", "IMG_1(1)-2.jpg", "IMG_1.2.jpg", "IMG_1-Pano.dng", "IMG_1-B.jpg"),
    ],
)
def test_names_of_other_photos(other: str) -> None:
    assert not is_version("IMG_1.jpg", other)


PRESS = "PXL_20231104_111111123"


@pytest.mark.parametrize(
    "name",
    [
        *(".jpg", ".MP.jpg", ".NIGHT.jpg", ".PORTRAIT.jpg", ".PANO.jpg", ".PHOTOSPHERE.jpg", ".dng"),
        *(".LONG_EXPOSURE-01.COVER.jpg", ".LONG_EXPOSURE-02.ORIGINAL.jpg", ".MOTION-01.COVER.jpg"),
        *(
            ".ACTION_PAN-02.ORIGINAL.jpg",
            ".RAW-01.MP.COVER.jpg",
            ".RAW-02.ORIGINAL.dng",
            ".NIGHT.RAW-02.ORIGINAL.dng",
        ),
        *(
            ".PORTRAIT-01.COVER-edited.jpg",
            ".MP~2.jpg",
            ".PORTRAIT-01.COVER-bearbeitet.jpg",
            ".NIGHT-edited(1).jpg",
        ),
        *(".RAW-02.ORIGINAL.dng.jpg", "~3.jpg", ".MP-編集済み.jpg"),
    ],
)
def test_what_a_pixel_makes_of_one_press(name: str) -> None:
    assert is_version(f"{PRESS}.jpg", f"{PRESS}{name}")


@pytest.mark.parametrize("name", [".BURST-01.COVER.jpg", ".BURST-02.jpg", "(1).jpg", ".MP(1).jpg"])
def test_a_burst_of_a_pixel_is_of_several_photos(name: str) -> None:
    assert not is_version(f"{PRESS}.jpg", f"{PRESS}{name}")


def test_the_next_press_of_a_pixel_is_another_photo() -> None:
    assert not is_version(f"{PRESS}.MP.jpg", "PXL_20231104_111111124.MP.jpg")


def test_portraits_of_older_phones() -> None:
    cover = "00100dPORTRAIT_00100_BURST20180101120000123_COVER.jpg"
    assert is_version("00000PORTRAIT_00000_BURST20180101120000123.jpg", cover)
    assert not is_version(
        "00000IMG_00000_BURST20180101120000123.jpg", "00001IMG_00001_BURST20180101120000123.jpg"
    )
