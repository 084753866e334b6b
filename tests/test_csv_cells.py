import pytest

from phototriage.csv_cells import guarded, unguarded


@pytest.mark.parametrize(
    "text", ["=cmd|x!A1", "+1+1", "-2+3.jpg", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "'=1", "''-x"]
)
def test_what_a_spreadsheet_would_run_gets_one_mark_that_comes_off_again(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "a=b", "'tis.jpg", "-1", "+2.5", "-1e-5", "-.5", "IMG_1.jpg", "é"])
def test_numbers_and_harmless_text_stay(text: str) -> None:
    assert guarded(text) == unguarded(text) == text
