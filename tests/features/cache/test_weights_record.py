from pathlib import Path

from phototriage.features.cache.weights_record import remember, remembered


def test_kinds_stay_apart(tmp_path: Path) -> None:
    remember(tmp_path, "checksums", "a", [1])
    remember(tmp_path, "identities", "a", "b")
    assert remembered(tmp_path, "checksums") == {"a": [1]}
    assert remembered(tmp_path, "identities") == {"a": "b"}
