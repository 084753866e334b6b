from dataclasses import replace

import numpy as np

from phototriage import Features
from phototriage.personal.gate import gate_series
from phototriage.personal.learning import _kinship


def test_series_of_a_culled_copy_judge_where_the_whole_ones_do() -> None:
    whole = {f"whole/{number}-{place}": f"{number:03d}0" for number in range(50) for place in range(3)}
    # Without its first photo, the name of the series is the hash of the second one.
    culled = {f"culled/{number}-{place}": f"{number:03d}1" for number in range(50) for place in (1, 2)}
    hashes = tuple(photo.partition("/")[2].replace("-", "").zfill(4) for photo in [*whole, *culled])
    features = Features.from_arrays([*whole, *culled], np.zeros((len(hashes), 1)))
    kinship = _kinship(whole | culled, replace(features, content_hashes=hashes))
    names = [list(dict.fromkeys(series.values())) for series in (whole, culled)]
    assert [kinship[name] for name in names[0]] == [kinship[name] for name in names[1]] == names[0]
    assert (gate_series(names[0]) != gate_series(names[1])).any()  # which is what kinship mends


def test_without_hashes_every_series_is_alone() -> None:
    features = Features.from_arrays(["a", "b"], [[0.0], [1.0]])
    assert _kinship({"a": "one", "b": "one"}, features) == {}
