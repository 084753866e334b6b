import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from phototriage import extras
from phototriage.cli import main
from phototriage.errors import MissingExtraError
from phototriage.ranker import load_embedded_ranker, save_ranker

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {"cv2": "opencv-python-headless", "PIL": "pillow", "yaml": "pyyaml", "google": "protobuf"}


def test_the_extras_are_those_of_the_project() -> None:
    assert extras.EXTRAS.keys() == PROJECT["optional-dependencies"].keys() - {"all", "test"}
    assert len(extras.packages()) == len(PROJECT["dependencies"])
    assert extras.packages("train") == ("matplotlib", "torch")
    assert extras.packages("all") == tuple(
        dict.fromkeys(package for name in sorted(extras.EXTRAS) for package in extras.packages(name))
    )


def test_of_a_requirement_only_the_name_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "numpy>=2.0",
        "tomli; python_version < '3.12'",
        'torch>=2.7; extra == "train"',
        "Pillow_x.y[a,b] (>=3) ; python_version > \"3\" and extra == 'more'",
        'optuna; extra == "tune"',
        'phototriage[more,train]; extra == "tune"',
    ]
    monkeypatch.setattr(extras, "requires", lambda name: lines)
    assert extras.packages() == ("numpy", "tomli")
    assert extras.packages("more") == ("Pillow_x.y",)
    assert extras.packages("tune") == ("optuna", "Pillow_x.y", "torch")
    assert extras.packages("none") == ()


def test_without_metadata_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(extras, "requires", requires)
    assert extras.packages() == ()
    extras.require("train")


def test_an_import_that_fails_says_what_to_type() -> None:
    with pytest.raises(MissingExtraError) as raised, extras.extra("train"):
        raise ModuleNotFoundError("No module named 'absent.part'", name="absent.part")
    assert str(raised.value) == (
        'this needs absent, which is not installed: pip install "phototriage[train]"'
    )
    assert isinstance(raised.value, ImportError)


def test_a_package_that_is_there_and_broken_is_no_missing_extra() -> None:
    with pytest.raises(ImportError, match="half there") as raised, extras.extra("train"):
        raise ImportError("half there")
    assert not isinstance(raised.value, MissingExtraError)


def test_what_is_required_is_looked_up_before_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    extras.require("train")
    monkeypatch.setattr(extras, "installed_version", lambda package: None if package == "torch" else "1")
    with pytest.raises(MissingExtraError, match=r'^this needs torch, .* "phototriage\[tune\]"$'):
        extras.require("tune")


def imports(tree: ast.AST, within: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every module that a file imports, not for types alone, and the extras that it says the import needs."""
    for node in ast.iter_child_nodes(tree):
        said = within
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.With(
                items=[
                    ast.withitem(
                        context_expr=ast.Call(func=ast.Name(id="extra"), args=[ast.Constant(value=str(name))])
                    )
                ]
            ):
                said = (*within, name)
            case ast.Import(names=names):
                yield from ((alias.name.partition(".")[0], within) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], within
        yield from imports(node, said)


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: path.name)
def test_every_import_beyond_the_base_says_which_extra_it_needs(path: Path) -> None:
    for module, said in imports(ast.parse(path.read_text())):
        if module in sys.stdlib_module_names or module == "phototriage":
            continue
        package = MODULES.get(module, module.replace("_", "-"))
        if package not in extras.packages():
            assert said, f"{module} is imported outside of `with extra(...)`"
            assert package in extras.packages(said[-1])


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--comparisons", "labels.csv"),
        ("ablate", "--comparisons", "labels.csv"),
        ("evaluate", "--comparisons", "labels.csv", "--folds", "5"),
        ("evaluate", "--comparisons", "labels.csv", "--plots", "figures"),
        ("benchmark", "PhotoTriage"),
        ("features", "inspect", "--output", "distributions.png"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_commands_that_train_or_draw_say_so_before_any_work(
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "installed_version", lambda package: None if package == "torch" else "1")
    assert main(command) == 1
    said = 'phototriage: this needs torch, which is not installed: pip install "phototriage[train]"\n'
    assert capsys.readouterr() == ("", said)
    assert list(tmp_path.iterdir()) == []


WITHOUT = """
import sys

class Without:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == "{package}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Without)
"""


@pytest.mark.parametrize(
    ("imported", "package", "name"),
    [
        ("phototriage.MultiFeaturePairwiseRanker", "torch", "train"),
        ("phototriage.ranker.training.train", "torch", "train"),
        ("phototriage.experiments.evaluation_plots.accuracy_chart", "matplotlib", "train"),
        ("phototriage.outputs.model.export.export_model", "onnx", "hub"),
        ("phototriage.experiments.tuning.search", "optuna", "tune"),
    ],
)
def test_in_python_a_missing_extra_is_one_error(imported: str, package: str, name: str) -> None:
    module, _, what = imported.rpartition(".")
    script = f"""{WITHOUT.format(package=package)}
from phototriage.errors import MissingExtraError
try:
    from {module} import {what}
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f'this needs {package}, which is not installed: pip install "phototriage[{name}]"\n'


def test_a_ranker_of_torch_says_what_needs_no_torch(tmp_path: Path) -> None:
    save_ranker(load_embedded_ranker(), tmp_path / "ranker.pt")
    script = f"""{WITHOUT.format(package="torch")}
from phototriage.cli import main
sys.exit(main(["rank", "{tmp_path}", "--model", "{tmp_path}/ranker.pt"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"phototriage: cannot read {tmp_path}/ranker.pt: this needs torch, which is not installed: "
        'pip install "phototriage[train]"; a .safetensors needs no torch\n'
    )


@pytest.mark.parametrize("made", [True, False])
def test_what_is_no_ranker_of_torch_sends_nobody_to_install_it(tmp_path: Path, made: bool) -> None:
    model = tmp_path / "ranker.pt"
    if made:
        model.write_text("no ranker")
    script = f"""{WITHOUT.format(package="torch")}
from phototriage.cli import main
sys.exit(main(["rank", "{tmp_path}", "--model", "{model}"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "install" not in done.stderr
    assert ("torch did not write it" if made else "No such file") in done.stderr
