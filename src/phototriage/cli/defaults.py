"""The user's defaults for the options: `phototriage.toml` in the current folder and in the config folder."""

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from phototriage.errors import ModelError, PhototriageError
from phototriage.plain_values import check_names, shown, with_values
from phototriage.printable import printable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "FILE",
    "VARIABLE",
    "DefaultsFile",
    "OwnDefaults",
    "defaults_files",
    "given_options",
    "is_switched_on",
    "places",
]

FILE, VARIABLE = "phototriage.toml", "PHOTOTRIAGE_CONFIG"
_ALL = "all"
_STDOUT = Path("-")

_DATA = ("root", "comparisons", "photos", "feature_table", "strict")
_REPLACES = {
    "root": _DATA,
    "comparisons": _DATA,
    "photos": ("feature_table",),
    "scores": ("model", "folds"),
    "model": ("scores",),
    "subsets": ("features",),
}
"""Option given on the command line → conflicting options, whose defaults are then ignored."""

_ONLY_YOURS = (
    *("model", "xmp", "mark_rejects", "overwrite_ratings", "undo", "overwrite"),
    *("choices_dir", "cache_dir"),
)
"""Options that load what others may have made, or mark and replace what a person has."""
_MOST_BYTES = 20_000
"""The time that TOML takes grows with the square of the parts of a name."""

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True)
class DefaultsFile:
    """The content of one file.

    sections: `all` or the name of a command → option → value. found_here: it lies in the current folder, so
    it may have come with somebody's photos, and may not set everything.
    """

    path: Path
    sections: Mapping[str, Mapping[str, Any]]
    found_here: bool = False


@dataclass(frozen=True)
class _Layer:
    """The values of one section of a file, without those that the command line replaces."""

    file: DefaultsFile
    section: str
    values: Mapping[str, Any]

    @property
    def where(self) -> str:
        return f"{self.file.path}, [{self.section}]"

    def refusal(self, name: str, what: str) -> ModelError:
        """The error for an option that only a file of one's own may set so."""
        return ModelError(
            f"{name} in {self.where} {what}, since that file may have come with somebody's photos: "
            f"put it into {places()[0]}, or name this file by {VARIABLE}"
        )

    def path(self, name: str, path: Path) -> Path:
        """The path that this option names; a relative one starts at the folder of the file.

        Raises ModelError for an unknown home folder, and for a path that the file may not name.
        """
        if path == _STDOUT:
            return path
        folder = self.file.path.absolute().parent
        try:
            path = folder / path.expanduser()
            inside = not self.file.found_here or path.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            reason = "there is no such home folder" if str(path).startswith("~") else "it is no path"
            raise ModelError(f"{name} in {self.where} cannot be {shown(str(path))}: {reason}") from error
        if not inside:
            raise self.refusal(name, f"leads out of its folder, to {path}, which is not done")
        return path


def places() -> tuple[Path, ...]:
    """Where phototriage looks for defaults, the highest precedence last.

    $PHOTOTRIAGE_CONFIG names the only file; an empty value turns all files off.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        return (Path(named),) if named else ()
    import platformdirs

    own = platformdirs.user_config_path("phototriage", appauthor=False)
    return own / FILE, Path(FILE)


def defaults_files() -> tuple[DefaultsFile, ...]:
    """The files that exist, the highest precedence last.

    Raises ModelError if a file cannot be read, is not TOML or has an unknown section, and if the file that
    $PHOTOTRIAGE_CONFIG names does not exist.
    """
    found: dict[Path, DefaultsFile] = {}
    for path in places():
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
                raise ModelError(f"{path} cannot be read: it is too large, or not a file")
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            if VARIABLE in os.environ:
                raise ModelError(f"{VARIABLE} names {path}, which is not there") from error
            continue
        except OSError as error:
            raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
        # The current folder may be the config folder.
        here = VARIABLE not in os.environ and path == Path(FILE) and path.resolve() not in found
        found[path.resolve()] = DefaultsFile(path, _sections(data, path), found_here=here)
    return tuple(found.values())


class OwnDefaults:
    """The user's defaults for one command.

    Within a file, the command's section overrides [all]. The file in the current folder overrides the one in
    the config folder, and its name is printed on standard error.

    Args:
        name: the command's name.
        command_class: its dataclass, whose fields, at any depth, are the options.
        arguments: the command line; an option given there disables the defaults of the options it replaces.
        files: files that were already read; by default they are read here.

    Raises ModelError for an unreadable file and for an unknown section or option.
    """

    def __init__(
        self,
        name: str,
        command_class: Any,
        arguments: Sequence[str],
        files: Sequence[DefaultsFile] | None = None,
    ) -> None:
        self.files = _announced(defaults_files()) if files is None else files
        self._class: Any = _bare(command_class)
        self._layers: list[_Layer] = []
        given = given_options(arguments).keys() & _REPLACES.keys()
        kept_out = {other for option in given for other in _REPLACES[option]}
        for file in self.files:
            for section, values in _checked(file, name, self._class):
                known = {key: value for key, value in values.items() if key not in kept_out}
                layer = _Layer(file, section, known)
                for option in _ONLY_YOURS if file.found_here else ():
                    if option in values:
                        raise layer.refusal(option, "is not set")
                self._layers.append(layer)

    def command(self) -> Any:
        """The command with these defaults; required options are still `tyro.MISSING`."""
        import tyro

        return self.over(self._class(**dict.fromkeys(_required(self._class), tyro.MISSING)))

    def over(self, command: T) -> T:
        """The given command, with these defaults in place of the values of its options.

        Raises PhototriageError, with the file and the section, for an invalid value.
        """
        for layer in self._layers:
            try:
                command = _with(command, layer)
            except PhototriageError as error:
                where = layer.where
                raise error if where in str(error) else type(error)(f"{where}: {error}") from error
        return command


def given_options(arguments: Sequence[str]) -> dict[str, str]:
    """Each option in the arguments → the values after its last occurrence, if any.

    Needed before the parser runs, because the parser's defaults depend on some options.
    """
    given = {}
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            following = value if equals else next(iter(arguments[place + 1 : place + 2]), "")
            given[name.removeprefix("--").replace("-", "_")] = following
    return given


def is_switched_on(command: Any) -> bool:
    """Whether any switch is on by default, so that the command needs a way to turn it off."""
    return command is True or (
        is_dataclass(command) and any(is_switched_on(getattr(command, each.name)) for each in fields(command))
    )


def _announced(files: Sequence[DefaultsFile]) -> Sequence[DefaultsFile]:
    """The files; prints the name of the one in the current folder, which may come with somebody's photos."""
    for file in files:
        if file.path == Path(FILE):
            print(f"defaults are those of {printable(str(file.path.absolute()))}", file=sys.stderr)
    return files


def _sections(data: bytes, path: Path) -> Mapping[str, Mapping[str, Any]]:
    import tomllib

    from phototriage.cli import COMMANDS

    try:
        sections = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise ModelError(f"{path} is not TOML: {reason}") from error
    names = (_ALL, *(name for name in COMMANDS if name != "doctor"))  # which goes by those of rank
    for name, values in sections.items():
        if name in names and isinstance(values, dict):
            continue
        if not isinstance(values, dict):
            raise ModelError(f"{name} in {path} must be in a section: [{_ALL}], or that of a command")
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean [{near[0]}]?" if near else f"choose from {', '.join(names)}"
        raise ModelError(f"there is no section [{name}] in {path}: {hint}")
    return sections


def _checked(file: DefaultsFile, name: str, command: type) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sections that apply to a command, the highest precedence last, with their options checked."""
    if _ALL in file.sections:
        # Imported here so that only files with this section wait for it.
        from phototriage.cli.feature_source import FeatureSource

        check_names(file.sections[_ALL], list(_options(FeatureSource)), f"{file.path}, [{_ALL}]")
        yield _ALL, file.sections[_ALL]
    if name in file.sections:
        check_names(file.sections[name], list(_options(command)), f"{file.path}, [{name}]")
        yield name, file.sections[name]


def _options(command: Any) -> Iterator[str]:
    """The names of all options that can have a default: neither positional arguments nor actions."""
    from tyro.conf import Positional

    hints = get_type_hints(command, include_extras=True)
    for each in fields(command):
        kind = _bare(hints[each.name])
        if is_dataclass(kind):
            yield from _options(kind)
        elif Positional not in get_args(hints[each.name]) and not any(
            is_dataclass(_bare(choice)) for choice in get_args(kind)
        ):
            yield each.name


def _required(command: type) -> list[str]:
    return [
        each.name for each in fields(command) if each.default is MISSING and each.default_factory is MISSING
    ]


def _with(settings: T, layer: _Layer) -> T:
    """The settings, at any depth, with the values of a layer."""
    parts: dict[str, Any] = {each.name: getattr(settings, each.name) for each in fields(settings)}
    nested: dict[str, Any] = {name: part for name, part in parts.items() if is_dataclass(part)}
    own = {name: value for name, value in layer.values.items() if name in parts and name not in nested}
    changed = with_values(settings, own, layer.where)
    paths = {name: layer.path(name, path) for name in own if isinstance(path := getattr(changed, name), Path)}
    return replace(changed, **paths, **{name: _with(part, layer) for name, part in nested.items()})


def _bare(kind: Any) -> Any:
    """A type without its annotations."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
