import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import tyro

from phototriage.cli import COMMANDS, _parsed
from phototriage.cli.defaults import FILE, VARIABLE, OwnDefaults, defaults_files, given_options, places
from phototriage.errors import FeatureError, ModelError
from phototriage.features import ExtractorOptions

Cli = Callable[..., tuple[int, str, str]]
Write = Callable[[str], Path]
CONFIGURABLE = [name for name in COMMANDS if name != "doctor"]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the file that PHOTOTRIAGE_CONFIG names."""

    def write(text: str) -> Path:
        path = tmp_path / "config" / "mine.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        monkeypatch.setenv(VARIABLE, str(path))
        return path

    return write


@pytest.fixture
def two_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The paths of the config folder's file and of the current folder's."""
    home, here = tmp_path / "home", tmp_path / "here"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: home)
    home.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    return home / FILE, here / FILE


def parsed(name: str, *arguments: object) -> Any:
    return _parsed(name, [str(argument) for argument in arguments])


def test_values_reach_options_at_any_depth_and_the_command_line_wins(write: Write, tmp_path: Path) -> None:
    write(
        '[all]\nworkers = 3\ndevice = "cpu"\nresnet_layers = ["layer2", "layer4"]\n'
        '[rank]\nkeep = 2\ngap = 5\nxmp = ["pick", "stars"]\n'
    )
    command = parsed("rank", tmp_path, "--gap", "7.5")
    assert command.folder == tmp_path
    assert (command.keep, command.grouping.gap, command.marks.xmp) == (2, 7.5, ("pick", "stars"))
    assert command.source.workers == 3
    assert command.source.options == ExtractorOptions(device="cpu", resnet_layers=("layer2", "layer4"))
    assert parsed("rank", tmp_path, "--resnet_layers", "layer1").source.options.resnet_layers == ("layer1",)


def test_a_command_takes_its_own_section_over_all_and_none_of_others(write: Write) -> None:
    write("[all]\nworkers = 3\ncache_dir = 'a'\n[rank]\nworkers = 1\n[evaluate]\nworst = 4\nworkers = 2\n")
    assert parsed("rank", ".").source.workers == 1
    evaluate = parsed("evaluate")
    assert (evaluate.source.workers, evaluate.worst) == (2, 4)
    assert parsed("labels", "x").min_reviewers == 2  # has no --workers, and that is no mistake


def test_paths_are_those_of_the_file_of_home_or_standard_output(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    write('[all]\ncache_dir = "~/c"\nweights_dir = "w"\n[rank]\nmodel = "/m.pt"\njson = "-"\n')
    command = parsed("rank", ".")
    assert command.source.cache_dir == Path("/home/someone/c")
    assert command.source.options.weights_dir == tmp_path / "config" / "w"
    assert (command.model, command.documents.json) == (Path("/m.pt"), Path("-"))


def test_the_current_folder_wins_key_by_key_and_is_named(
    two_places: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    home, here = two_places
    home.write_text("[all]\nworkers = 1\n[rank]\nkeep = 2\ntop = 5\ncsv = 'x.csv'\n")
    assert parsed("rank", ".").keep == 2
    assert capfd.readouterr().err == ""
    here.write_text("[all]\nworkers = 7\n[rank]\nkeep = 3\nhtml = 'y.html'\n")
    command = parsed("rank", ".")
    assert (command.source.workers, command.keep, command.top) == (7, 3, 5)
    assert (command.documents.csv, command.documents.html) == (home.parent / "x.csv", here.parent / "y.html")
    assert capfd.readouterr().err == f"defaults are those of {here}\n"


def test_the_variable_names_the_only_file_or_turns_all_off(
    two_places: tuple[Path, Path], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = two_places
    assert places() == (home, Path(FILE))
    for path in two_places:
        path.write_text("[rank]\nkeep = 9\n")
    write("[rank]\ntop = 2\n")
    assert (parsed("rank", ".").keep, parsed("rank", ".").top) == (1, 2)
    monkeypatch.setenv(VARIABLE, "")
    assert defaults_files() == ()
    monkeypatch.setenv(VARIABLE, "/none/such.toml")
    with pytest.raises(ModelError, match=r"^PHOTOTRIAGE_CONFIG names /none/such\.toml, which is not there$"):
        defaults_files()


def test_one_file_in_both_places_is_read_once(
    two_places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = two_places
    home.write_text("[rank]\n")
    monkeypatch.chdir(home.parent)
    assert len(defaults_files()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[rnak]\n", "there is no section [rnak] in {path}: did you mean [rank]?"),
        ("[doctor]\n", "there is no section [doctor] in {path}: choose from all, rank"),
        ("workers = 2\n", "workers in {path} must be in a section: [all], or that of a command"),
        ("[rank]\nworker = 2\n", "there is no setting 'worker' in {path}, [rank]: did you mean 'workers'?"),
        ("[all]\nkeep = 2\n", "there is no setting 'keep' in {path}, [all]: "),
        ("[rank]\nfolder = 'x'\n", "there is no setting 'folder' in {path}, [rank]: "),
        ("[rank]\nsource = 'x'\n", "there is no setting 'source' in {path}, [rank]: "),
        ("[rank]\nkeep = 'two'\n", "keep in {path}, [rank] cannot be 'two': it must be a whole number"),
        ("[rank]\nquiet = 1\n", "quiet in {path}, [rank] cannot be 1: it must be true or false"),
        ("[rank]\nfeatures = 'iqa'\n", "features in {path}, [rank] cannot be 'iqa': it must be a list"),
        ("[rank]\nxmp = ['star']\n", "xmp in {path}, [rank] cannot be 'star': choose from pick, stars"),
        ("[rank]\nmodel = 3\n", "model in {path}, [rank] cannot be 3: it must be"),
        ("[rank]\nmodel = '~nobody-here/x'\n", "there is no such home folder"),
        ("[all]\nresnet_size = 5\n", "{path}, [all]: resnet_size must lie between 32 and 800, not at 5"),
        ("[rank\n", "{path} is not TOML: "),
        ("[rank]\nkeep = 1\nkeep = 2\n", "{path} is not TOML: "),
    ],
)
def test_a_mistake_is_one_line_with_the_file(cli: Cli, write: Write, text: str, message: str) -> None:
    path = write(text)
    code, out, err = cli("rank", ".")
    assert (code, out) == (1, "")
    assert message.format(path=path) in err
    assert err.count("\n") == 1


def test_a_mistake_in_a_section_of_another_command_does_not_stop_this_one(write: Write) -> None:
    write("[train]\nlearning_rat = 2\n")
    assert parsed("rank", ".").keep == 1
    with pytest.raises(ModelError, match="did you mean 'learning_rate'"):
        parsed("train")


def test_bytes_that_are_no_text_and_a_byte_order_mark(write: Write) -> None:
    write("").write_bytes(b"\xff[rank]\n")
    with pytest.raises(ModelError, match="is not TOML"):
        defaults_files()
    write("").write_bytes(b"\xef\xbb\xbf[rank]\nkeep = 4\n")
    assert parsed("rank", ".").keep == 4


def test_a_folder_is_no_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write("").parent
    monkeypatch.setenv(VARIABLE, str(folder))
    with pytest.raises(ModelError, match=f"^{folder} cannot be read: it is too large, or not a file$"):
        defaults_files()


def test_the_wrong_combination_keeps_its_kind_of_error(write: Write) -> None:
    write("[all]\nruntime = 'onnx'\ndevice = 'cuda'\n")
    with pytest.raises(FeatureError, match=r"mine\.toml, \[all\]: --runtime onnx runs on the CPU"):
        parsed("rank", ".")


def test_help_shows_the_values(cli: Cli, write: Write) -> None:
    write("[rank]\nkeep = 17\n")
    assert "(default: 17)" in cli("rank", "--help")[1]


def test_a_switch_that_is_on_can_be_turned_off_and_given_still(write: Write) -> None:
    write("[rank]\nquiet = true\n")
    assert parsed("rank", ".").quiet
    assert parsed("rank", ".", "--quiet").quiet
    assert not parsed("rank", ".", "--no_quiet").quiet


def test_what_must_be_given_must_still_be_given(cli: Cli, write: Write) -> None:
    write("[rank]\nkeep = 2\n[export]\noutput = 'there'\n")
    code, _, err = cli("rank")
    assert code == 2
    assert "The folder to rank" in err
    assert parsed("export", "mine.pt").output.name == "there"


def test_options_in_place_of_others_keep_the_others_out(write: Write) -> None:
    write(
        "[evaluate]\nroot = 'r'\nfeature_table = 't'\nmodel = 'm.pt'\nfolds = 5\n"
        "[ablate]\nfeatures = ['iqa']\n"
    )
    labels = parsed("evaluate", "--comparisons", "c.csv").labels
    assert (labels.root, labels.comparisons, labels.feature_table) == (None, Path("c.csv"), None)
    assert parsed("evaluate", "--photos=p").labels.feature_table is None
    scores = parsed("evaluate", "--scores", "s.csv")
    assert (scores.model, scores.folds, scores.labels.root.name) == (None, None, "r")
    assert parsed("ablate", "--subsets", "iqa").source.features is None
    assert parsed("ablate").source.features == ("iqa",)


@pytest.mark.parametrize("name", ["train", "ablate", "tune"])
def test_presets_and_configs_that_are_given_win_over_the_file(
    write: Write, tmp_path: Path, name: str
) -> None:
    write(f"[{name}]\npreset = 'quick'\nlearning_rate = 0.5\nseed = 3\nfolds = 4\n".replace(
        "folds = 4\n", "" if name == "train" else "folds = 4\n"
    ))  # fmt: skip
    command = parsed(name)
    assert (command.preset, command.ranker.mlp_hidden_dims) == ("quick", (256,))
    assert (command.ranker.learning_rate, command.ranker.seed) == (0.5, 3)
    assert name == "train" or command.folds == 4

    deep = parsed(name, "--preset", "deep").ranker
    assert (deep.mlp_hidden_dims, deep.learning_rate, deep.seed) == ((1024, 512, 256), 1e-4, 3)

    (tmp_path / "run.yaml").write_text("ranker: {learning_rate: 0.25}\n")
    config = parsed(name, "--config", tmp_path / "run.yaml", "--seed", "8").ranker
    assert (config.learning_rate, config.seed, config.mlp_hidden_dims) == (0.25, 8, (256,))


def test_ablate_has_its_own_preset_without_the_file(write: Write) -> None:
    write("[ablate]\nseed = 3\n")
    command = parsed("ablate")
    assert (command.preset, command.ranker.loss, command.ranker.seed) == ("best", "bradley_terry", 3)


def test_the_config_of_a_run_brings_all_that_is_said_about_data(write: Write, tmp_path: Path) -> None:
    write("[train]\nroot = 'r'\nfeature_table = 't'\n")
    (tmp_path / "run.yaml").write_text("labels: {comparisons: c.csv}\n")
    labels = parsed("train", "--config", tmp_path / "run.yaml").labels
    assert (labels.root, labels.comparisons, labels.feature_table) == (None, Path("c.csv"), None)


def test_the_features_command_takes_its_folder_before_any_action(write: Write, tmp_path: Path) -> None:
    write("[features]\ncache_dir = 'c'\n")
    assert parsed("features", "info").cache_dir == tmp_path / "config" / "c"
    assert parsed("features", "info", "--cache_dir", "d").cache_dir == Path("d")


@pytest.mark.parametrize("name", CONFIGURABLE)
def test_without_values_every_command_is_as_it_was(write: Write, name: str) -> None:
    write("")
    own = OwnDefaults(name, import_module(f"phototriage.cli.{name}").Command, ())
    command = own.command()
    required = {name for name, value in vars(command).items() if value is tyro.MISSING}
    made = type(command)(**dict.fromkeys(required, tyro.MISSING))
    assert command == made


def test_the_example_of_the_guide_counts_as_it_says(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    (example,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    path = write(example)
    for file in defaults_files():
        for section in file.sections.keys() - {"all"}:
            OwnDefaults(section, import_module(f"phototriage.cli.{section}").Command, ()).command()
    rank = parsed("rank", ".")
    assert rank.model == path.parent / "rankers" / "mine.safetensors"
    assert (rank.keep, rank.quiet, rank.marks.xmp) == (2, True, ("pick", "stars"))
    assert (rank.source.workers, rank.source.cache_dir) == (2, Path("/home/someone/photo-cache"))
    assert rank.source.options.weights_dir == path.parent / "weights"
    train = parsed("train").ranker
    assert (train.loss, train.learning_rate, train.mlp_hidden_dims) == ("bradley_terry", 0.001, (32,))
    assert parsed("features", "info").cache_dir == Path("/home/someone/another-cache")


def test_the_guide_lists_every_option_of_all(write: Write) -> None:
    write("[all]\nno_such = 1\n")
    with pytest.raises(ModelError) as error:
        parsed("rank", ".")
    names = str(error.value).rpartition("choose from ")[2].split(", ")
    text = GUIDE.read_text("utf-8")
    listed = text[text.index("**Sections**") : text.index("**Keys**")]
    assert re.findall(r"`([a-z_]+)`", listed) == names


def test_without_a_file_nothing_is_read_but_its_places() -> None:
    script = (
        "import sys; from phototriage.cli.defaults import defaults_files; found = defaults_files();"
        "sys.exit(bool(found) or ' '.join({'tomllib', 'tyro', 'numpy', 'rich'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)


def test_options_are_found_before_they_are_parsed() -> None:
    arguments = ["x", "--preset", "quick", "--output-dir=there", "--preset=deep", "--labels", "--resume"]
    given = given_options(arguments)
    assert given == {"preset": "deep", "output_dir": "there", "labels": "--resume", "resume": ""}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rank]\njson = '../home/.bashrc'\n", "json in phototriage.toml, [rank] leads out of its folder"),
        ("[rank]\ncopy = '/tmp/elsewhere'\n", "copy in phototriage.toml, [rank] leads out of its folder"),
        ("[rank]\nhtml = 'link/page.html'\n", "html in phototriage.toml, [rank] leads out of its folder"),
        ("[all]\ncache_dir = 'cache'\n", "cache_dir in phototriage.toml, [all] is not set, since"),
        ("[rank]\nchoices_dir = 'forged'\n", "choices_dir in phototriage.toml, [rank] is not set, since"),
        ("[all]\nweights_dir = '..'\n", "weights_dir in phototriage.toml, [all] leads out of its folder"),
        ("[rank]\nmodel = 'm.pt'\n", "model in phototriage.toml, [rank] is not set, since"),
        ("[rank]\nxmp = ['stars']\n", "xmp in phototriage.toml, [rank] is not set, since"),
        ("[rank]\noverwrite_ratings = true\n", "overwrite_ratings in phototriage.toml, [rank] is not set"),
        ("[rank]\nmark_rejects = true\n", "mark_rejects in phototriage.toml, [rank] is not set, since"),
        ("[rank]\nkeep = 1" + "0" * 400, "keep in phototriage.toml, [rank] cannot be"),
        ("[rank]\nkeep = 0x1" + "0" * 5000, "keep in phototriage.toml, [rank] cannot be a number of"),
        ("[rank]\nkeep = " + "[" * 5000 + "]" * 5000, "phototriage.toml is not TOML: it is nested too deep"),
    ],
)
def test_a_file_that_came_with_photos_sets_only_what_is_harmless(
    two_places: tuple[Path, Path], text: str, says: str
) -> None:
    _, here = two_places
    (here.parent / "link").symlink_to(here.parent.parent)
    here.write_text(text)
    with pytest.raises(ModelError, match=re.escape(says)) as caught:
        parsed("rank", ".")
    assert len(str(caught.value).splitlines()) == 1


def test_the_same_options_are_set_by_a_file_of_ones_own(
    two_places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, here = two_places
    text = "[rank]\nmodel = 'm.pt'\njson = '../out.json'\n"
    own.write_text(text)
    here.write_text("[rank]\nkeep = 2\ncsv = 'ranking.csv'\n")
    command = parsed("rank", ".")
    assert (command.model, command.keep) == (own.parent / "m.pt", 2)
    assert command.documents.csv == here.parent / "ranking.csv"
    here.write_text(text)
    monkeypatch.setenv(VARIABLE, str(here))
    assert parsed("rank", ".").model == here.parent / "m.pt"
