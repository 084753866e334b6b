"""The extras of pyproject.toml: packages that are not installed with phototriage itself.

Every import of such a package is inside a `with extra(...)`. If the package is missing, the error says what
to install, on the command line and in Python.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires, version

from phototriage.errors import MissingExtraError

__all__ = ["EXTRAS", "extra", "install_command", "installed_version", "packages", "require"]

EXTRAS = {
    "faces": "eyes, smiles and focus of faces",
    "train": "training, and charts of the results",
    "hub": "CLIP, ResNet, and exporting rankers and networks",
    "review": "phototriage review",
    "tune": "phototriage tune",
    "ray": "measuring on a Ray cluster",
}
"""Each extra that adds features → its purpose."""

_REQUIREMENT = re.compile(
    r"""(?P<name>[\w.-]+) (\[(?P<extras>[^]]+)])? [^;]* (; .* \bextra\ ==\ ["'](?P<of>[\w-]+))?""", re.VERBOSE
)


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports in this block need the extra `name`. Raises MissingExtraError if a module is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "another package").partition(".")[0]
        raise _missing(name, package) from error


def require(name: str) -> None:
    """Checks for an extra before long work, without importing it.

    Raises MissingExtraError if one of its packages is not installed.
    """
    for package in packages(name):
        if installed_version(package) is None:
            raise _missing(name, package)


def packages(name: str = "") -> tuple[str, ...]:
    """The packages of an extra, or of the base, from the metadata of the installed phototriage.

    Empty if phototriage is not installed as a package.
    """
    try:
        requirements = requires("phototriage") or []
    except PackageNotFoundError:
        return ()
    found: list[str] = []
    for each in filter(None, map(_REQUIREMENT.match, requirements)):
        if (each["of"] or "") != name:
            continue
        if each["name"] == "phototriage":
            for other in each["extras"].split(","):
                found += packages(other)
        else:
            found.append(each["name"])
    return tuple(dict.fromkeys(found))


def installed_version(package: str) -> str | None:
    """The version of a package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def install_command(name: str) -> str:
    """The command that installs an extra."""
    return f'pip install "phototriage[{name}]"'


def _missing(name: str, package: str) -> MissingExtraError:
    return MissingExtraError(f"this needs {package}, which is not installed: {install_command(name)}")
