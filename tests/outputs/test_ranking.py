import csv
import io
import json
from pathlib import Path

from phototriage.features import Failure
from phototriage.outputs import ranking_csv, ranking_json
from phototriage.series import RankedPhoto, RankedSeries

RANKED = [
    RankedSeries(
        'x, "y"\n', (RankedPhoto('x, "y"\n/b.jpg', 1, 0.5, 0.75), RankedPhoto("a.jpg", 2, -1, 0.25))
    ),
    RankedSeries("ü", (RankedPhoto("ü/ö.jpg", 1, 0, 1),)),
]


def test_csv_survives_awkward_names() -> None:
    rows = list(csv.DictReader(io.StringIO(ranking_csv(RANKED))))
    assert [(row["series"], row["photo"], int(row["rank"])) for row in rows] == [
        ('x, "y"\n', 'x, "y"\n/b.jpg', 1),
        ('x, "y"\n', "a.jpg", 2),
        ("ü", "ü/ö.jpg", 1),
    ]
    assert float(rows[0]["probability_best"]) == 0.75


def test_json_is_one_document() -> None:
    document = json.loads(
        ranking_json(Path("/p"), "embedded", RANKED, [Failure("c.jpg", "the file is empty")])
    )
    assert document["folder"] == "/p"
    assert document["model"] == "embedded"
    assert document["series"][1] == {
        "name": "ü",
        "photos": [{"photo": "ü/ö.jpg", "rank": 1, "score": 0, "probability_best": 1}],
    }
    assert document["failures"] == [{"photo": "c.jpg", "reason": "the file is empty"}]
