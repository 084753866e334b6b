import csv
import io
import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from phototriage.choices import Decision
from phototriage.exit_code import ExitCode
from phototriage.features import Failure
from phototriage.outputs import ranking_csv
from phototriage.outputs.ranking import ranking_document, ranking_json
from phototriage.series import RankedPhoto, RankedSeries, Reason, with_decisions
from phototriage.series.faces import Eyes, SeenFace

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/ranking.schema.json").read_text())
SHARPER = Reason("sharper", "sharpness", 0.5, 0.25, 0.75)
LOOK = Reason("overall look", "look", None, None, -0.25)
NOISIER = Reason("noisier", "noise", 1.0, 0.5, None)
RANKED = [
    RankedSeries(
        'x, "y"\n',
        "series",
        datetime(2026, 6, 1, 9, 30, 0, 250_000),
        (
            RankedPhoto(
                'x, "y"\n/b.jpg',
                ('x, "y"\n/b.jpg', 'x, "y"\n/b.raw'),
                1,
                0.5,
                0.55,
                "pick",
                (SHARPER, LOOK, NOISIER),
            ),
            RankedPhoto("a.jpg", ("a.jpg",), 2, -1, 0.45, "close", (), True),
        ),
    ),
    RankedSeries("ü", "single", None, (RankedPhoto("ü/ö.jpg", ("ü/ö.jpg",), 1, 0, 1, "kept", ()),)),
]


def faults(value: Any, schema: dict[str, Any], where: str = "document") -> list[str]:
    """What of a value is not as a JSON Schema says, by those of its words that ours uses."""
    if "$ref" in schema:
        return faults(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], where)
    types: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    unknown = schema.keys() - {
        *("$schema", "$defs", "title", "description", "type", "required", "properties", "items"),
        *("minItems", "minimum", "maximum", "enum", "const"),
    }
    assert not unknown, f"{where}: not checked here: {unknown}"
    if "type" in schema:
        allowed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(
            isinstance(value, types[each]) and (each == "boolean" or not isinstance(value, bool))
            for each in allowed
        ):
            return [f"{where}: {value!r} is no {allowed}"]
    if value is None:
        return []
    found = [f"{where}: no {name}" for name in schema.get("required", ()) if name not in value]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "minimum" in schema and not schema["minimum"] <= value <= schema.get("maximum", math.inf):
        found.append(f"{where}: {value!r} is out of range")
    if isinstance(value, list):
        found += [f"{where}: too few"] if len(value) < schema.get("minItems", 0) else []
        for place, each in enumerate(value):
            found += faults(each, schema["items"], f"{where}[{place}]")
    if isinstance(value, dict):
        # Nothing is written that is not described.
        found += [f"{where}: {name} is not described" for name in value.keys() - schema["properties"].keys()]
        for name, each in value.items():
            found += faults(each, schema["properties"].get(name, {}), f"{where}.{name}")
    return found


def document() -> dict[str, Any]:
    failures = [Failure("c.jpg", "the file is empty")]
    text = ranking_json(ranking_document(Path("/p"), "embedded", RANKED, failures, ExitCode.LEFT_OUT))
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_csv_survives_awkward_names() -> None:
    rows = list(csv.DictReader(io.StringIO(ranking_csv(RANKED))))
    assert rows[0] == {
        "series": 'x, "y"\n',
        "photo": 'x, "y"\n/b.jpg',
        "rank": "1",
        "score": "0.500000",
        "probability_best": "0.550000",
        "verdict": "pick",
        "kind": "series",
        "reasons": "sharper; but overall look; and noisier",
        "files": 'x, "y"\n/b.jpg; x, "y"\n/b.raw',
        "alternative": "false",
        "decision": "",
        "outcome": "pick",
        "faces": "",
        "eyes_closed": "",
    }
    assert [(row["photo"], row["verdict"], row["reasons"], row["alternative"]) for row in rows[1:]] == [
        ("a.jpg", "close", "", "true"),
        ("ü/ö.jpg", "kept", "", "false"),
    ]


def test_json_is_one_document() -> None:
    found = document()
    assert (found["schema_version"], found["folder"], found["model"]) == (1, "/p", "embedded")
    first, second = found["series"]
    assert (first["taken"], first["too_close"]) == ("2026-06-01T09:30:00.250000", True)
    assert first["photos"][0]["reasons"][0] == {
        "words": "sharper",
        "feature": "sharpness",
        "value": 0.5,
        "other": 0.25,
        "log_odds": 0.75,
    }
    assert second == {
        "name": "ü",
        "kind": "single",
        "taken": None,
        "too_close": False,
        "photos": [
            {
                "photo": "ü/ö.jpg",
                "files": ["ü/ö.jpg"],
                "rank": 1,
                "score": 0,
                "probability_best": 1,
                "verdict": "kept",
                "reasons": [],
                "alternative": False,
                "decision": None,
                "faces": None,
                "outcome": "kept",
            }
        ],
        "swaps": [],
    }
    assert found["failures"] == [{"photo": "c.jpg", "reason": "the file is empty"}]


def test_json_is_as_its_schema_says() -> None:
    assert faults(document(), SCHEMA) == []


def test_a_persons_decisions_stand_beside_the_verdicts() -> None:
    said = {"a.jpg": Decision("pick", 4, "red")}
    decided = with_decisions(RANKED, said)
    found = json.loads(
        ranking_json(ranking_document(Path("/p"), "embedded", decided, (), ExitCode.DONE, decisions=True))
    )
    assert faults(found, SCHEMA) == []
    assert found["decisions"] is True
    photos = found["series"][0]["photos"]
    assert [(each["verdict"], each["outcome"]) for each in photos] == [("pick", "rest"), ("close", "pick")]
    assert photos[0]["decision"] is None
    assert photos[1]["decision"] == {
        "flag": "pick",
        "stars": 4,
        "label": "red",
        "none_of_these": False,
        "tied": False,
    }
    rows = list(csv.DictReader(io.StringIO(ranking_csv(decided))))
    assert [(row["decision"], row["outcome"]) for row in rows] == [
        ("", "rest"),
        ("pick, 4 stars, red", "pick"),
        ("", "kept"),
    ]


def test_faces_and_closed_eyes() -> None:
    def faces(*eyes: Eyes) -> tuple[SeenFace, ...]:
        return tuple(
            SeenFace(person, person < 3, each, 0.2 * person, 0.1, 0.1, 0.2, (0.3, 0.2, 0.25, 0.2))
            for person, each in enumerate(eyes, 1)
        )

    first = RankedPhoto("a", ("a",), 1, 1.0, 0.7, "pick", (), faces=faces("closed", "open", "closed"))
    second = RankedPhoto("b", ("b",), 2, 0.0, 0.3, "rest", (), faces=faces("open", "closed"))
    third = RankedPhoto("c", ("c",), 3, -1.0, 0.1, "rest", (), faces=())
    series = [RankedSeries("s", "series", None, (first, second, third))]
    found = json.loads(ranking_json(ranking_document(Path("/p"), "embedded", series, (), ExitCode.DONE)))
    assert faults(found, SCHEMA) == []
    assert found["series"][0]["swaps"] == [{"person": 1, "place": 1, "photo": "a", "other": "b"}]
    assert found["series"][0]["photos"][0]["faces"][0] == {
        "person": 1,
        "main": True,
        "eyes": "closed",
        "left": 0.2,
        "top": 0.1,
        "width": 0.1,
        "height": 0.2,
        "eye_centers": [0.3, 0.2, 0.25, 0.2],
        "softer": 0.0,
    }
    rows = list(csv.DictReader(io.StringIO(ranking_csv(series))))
    assert [(row["faces"], row["eyes_closed"]) for row in rows] == [("3", "1"), ("2", "1"), ("0", "0")]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda found: found.pop("folder"), "document: no folder"),
        (lambda found: found.update(extra=1), "document: extra is not described"),
        (lambda found: found.update(schema_version=2), "schema_version: 2 is not 1"),
        (lambda found: found["series"][0].update(photos=[]), "document.series[0].photos: too few"),
        (lambda found: found["series"][0].update(kind="heap"), "'heap' is none of"),
        (lambda found: found["series"][0]["photos"][0].update(rank=True), "True is no ['integer']"),
        (lambda found: found["series"][0]["photos"][0].update(probability_best=1.5), "1.5 is out of range"),
        (lambda found: found["series"][0]["photos"][0]["reasons"][0].pop("words"), "reasons[0]: no words"),
    ],
)
def test_the_schema_tells_a_wrong_document(spoil: Any, fault: str) -> None:
    found = document()
    spoil(found)
    (only,) = faults(found, SCHEMA)
    assert fault in only
