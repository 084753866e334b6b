import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phototriage.cli.defaults import VARIABLE
from phototriage.doctor import software
from phototriage.doctor.finding import Finding

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def report(cli: Cli, *arguments: object) -> tuple[int, dict[str, Any], dict[str, dict[str, Any]]]:
    code, out, _ = cli("doctor", "--json", "-", *arguments)
    document = json.loads(out)
    return code, document, {each["name"]: each for each in document["findings"]}


def doctor_with(broken: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the doctor where a folder of modules stands before all others."""
    return subprocess.run(
        [sys.executable, "-m", "phototriage", "doctor", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(broken)},
    )


def other_steps(document: dict[str, Any]) -> list[str]:
    """The next steps but the one for faces, which is short."""
    faces, *more = [step for step in document["next_steps"] if step.startswith("for --features faces: ")]
    assert not more
    assert len(faces) < 110
    assert "rank FOLDER --faces on" in faces
    return [step for step in document["next_steps"] if step != faces]


def test_a_sound_installation_works_and_says_what_next(cli: Cli, tmp_path: Path) -> None:
    code, document, lines = report(cli, "--cache_dir", tmp_path / "cache")
    assert code == 0
    assert document["works"] is True
    for name in ("JPEG", "PNG", "TIFF", "WebP", "AVIF", "HEIC", "RAW", "rank", "default ranker", "folder"):
        assert lines[name]["state"] == "ok", name
    assert lines["CLIP"]["value"] == "not in the hub's cache"
    assert other_steps(document) == [
        "for --features clip: hf download openai/clip-vit-base-patch32 config.json model.safetensors "
        "--revision c237dc49a33fc61debc9276459120b7eac67e7ef",
        "for --features resnet: hf download microsoft/resnet-50 config.json model.safetensors "
        "--revision 34c2154c194f829b11125337b98c8f5f9965ff19",
        "start with: phototriage rank FOLDER (your photos are never changed)",
    ]
    assert not (tmp_path / "cache").exists()


def test_for_people_it_fits_80_columns(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = cli("doctor", "--cache_dir", tmp_path / ("long" * 30), "--json", tmp_path / "report.json")[1]
    table, steps = out.split("phototriage rank works here. Next:\n")
    assert max(map(len, table.splitlines())) <= 80
    assert "✓ pillow" in table
    assert [f"  • {each}" for each in json.loads((tmp_path / "report.json").read_text())["next_steps"]] == (
        steps.splitlines()
    )


def test_imports_no_package_of_an_extra(tmp_path: Path) -> None:
    script = (
        "import sys; from phototriage.cli import main; code = main(['doctor', '--cache_dir', sys.argv[1]]);"
        "heavy = {'torch', 'transformers', 'onnx', 'matplotlib', 'optuna'} & sys.modules.keys();"
        "sys.exit(code or ' '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_the_cache_and_the_weights_that_are_there(cli: Cli, tmp_path: Path) -> None:
    for name, size in {"features/iqa-1/part-1.parquet": 1500, "thumbnails/a/b.webp": 10, "onnx/x": 2}.items():
        path = tmp_path / "cache" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(size))
    (tmp_path / "cache" / "index.sqlite").write_bytes(bytes(20))
    resnet = tmp_path / "weights" / "resnet-50"
    resnet.mkdir(parents=True)
    (resnet / "config.json").write_text('{"model_type": "resnet"}')
    (resnet / "model.safetensors").touch()
    code, document, lines = report(
        cli, "--cache_dir", tmp_path / "cache", "--weights_dir", tmp_path / "weights"
    )
    assert code == 0
    sizes = {name: lines[name]["value"] for name in ("features", "thumbnails", "index of photos")}
    assert sizes == {"features": "1.5 kB", "thumbnails": "10 B", "index of photos": "20 B"}
    assert lines["exported networks"]["value"] == "2 B, 0 of them"
    assert "photos measured" not in lines
    assert lines["ResNet"]["value"] == f"in {resnet}"
    assert lines["CLIP"]["state"] == "missing"
    clip = tmp_path / "weights" / "clip-vit-base-patch32"
    assert other_steps(document) == [
        "for --features clip: hf download openai/clip-vit-base-patch32 config.json model.safetensors "
        f"--local-dir {clip} --revision c237dc49a33fc61debc9276459120b7eac67e7ef"
    ]


def test_weights_in_the_hubs_cache(cli: Cli, tmp_path: Path) -> None:
    revision = "34c2154c194f829b11125337b98c8f5f9965ff19"
    folder = tmp_path / "hub" / "models--microsoft--resnet-50" / "snapshots" / revision
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "resnet"}')
    assert report(cli)[2]["ResNet"]["state"] == "missing"
    (folder / "model.safetensors").touch()
    assert report(cli)[2]["ResNet"]["value"] == f"in {folder}"


def test_a_cache_folder_that_cannot_be(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, document, lines = report(cli, "--cache_dir", tmp_path / "file")
    assert (code, document["works"]) == (1, False)
    assert lines["folder"]["value"] == f"{tmp_path / 'file'} cannot be written: Not a directory"
    assert document["next_steps"][0] == "choose another place by --cache_dir"


def test_your_defaults_are_shown_and_used(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[all]\ncache_dir = 'kept'\nweights_dir = 'w'\n[train]\nseed = 3\n")
    monkeypatch.setenv(VARIABLE, str(path))
    code, _, lines = report(cli)
    assert code == 0
    assert lines["[train]"]["value"] == f"seed = 3 ({path})"
    assert lines["folder"]["value"] == f"{tmp_path / 'kept'}, made when it is needed"
    assert str(tmp_path / "w" / "resnet-50") in lines["ResNet"]["value"]
    assert report(cli, "--cache_dir", tmp_path)[2]["folder"]["value"] == str(tmp_path)

    path.write_text("[train]\nsead = 3\n")
    code, document, lines = report(cli)
    assert (code, document["works"]) == (1, False)
    assert lines["cannot go on"]["section"] == "your defaults"
    assert "did you mean 'seed'?" in lines["cannot go on"]["value"]


def test_what_rank_needs_is_broken(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    done = doctor_with(tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "✗ opencv-python-headless" in done.stdout
    assert "libGL.so.1: cannot open shared object file" in done.stdout
    last = done.stdout.split("\n\n")[-1].splitlines()
    assert last[:2] == [
        "phototriage rank cannot work here until this is mended: opencv-python-headless, rank, JPEG",
        "  • pip install --force-reinstall opencv-python-headless",
    ]


@pytest.mark.parametrize("module", ["tyro", "rich", "numpy", "PIL", "lxml", "platformdirs"])
def test_nothing_that_is_missing_stops_the_report(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('no {module}')\n")
    done = doctor_with(tmp_path)
    assert done.returncode == 1
    assert "phototriage/" not in done.stderr  # compiled packages may complain themselves
    assert "cannot work here until this is mended" in done.stdout


def test_what_only_some_need_does_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "rawpy.py").write_text("raise OSError('libraw is half there')\n")
    done = doctor_with(tmp_path, "--json", "-")
    assert done.returncode == 0
    lines = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    for name in ("rawpy", "RAW"):
        assert lines[name]["state"] == "broken"
        assert "libraw is half there" in lines[name]["value"]


def test_other_commands_point_here_when_a_package_is_broken(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('no libGL')\n")
    done = subprocess.run(
        [sys.executable, "-m", "phototriage", "rank", "."],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stderr == "phototriage: the installation is broken: no libGL: see `phototriage doctor`\n"


def test_a_missing_extra_says_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"torch": None, "pandas": None, "rich": None}
    monkeypatch.setattr(software, "installed_version", lambda name: versions.get(name, "1.0"))
    found = {each.name: each for each in software.software_findings()}
    assert found["train"] == Finding(
        "extras",
        "train",
        "missing",
        "matplotlib 1.0, no torch",
        'for training, and charts of the results: pip install "phototriage[train]"',
    )
    assert found["pandas"] == Finding(
        "installed", "pandas", "missing", "not installed", "pip install pandas", essential=False
    )
    assert found["rich"] == Finding(
        "installed", "rich", "missing", "not installed", "pip install rich", essential=True
    )
