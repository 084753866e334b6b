"""Python, the packages that phototriage uses, and other programs."""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from phototriage.doctor.finding import BROKEN, Finding, reason

__all__ = ["PACKAGES", "Package", "software_findings"]

_SECTION = "installed"
_OTHERS = "other programs"


@dataclass(frozen=True)
class Package:
    """A package from the index. `gives`: what is not there without it. `extra`: the optional set it is of.

    `ranks`: whether `phototriage rank` needs it to start. `slow`: it takes long to import, so that it is only
    seen whether it is there.
    """

    name: str
    module: str
    gives: str
    ranks: bool = False
    slow: bool = False
    extra: str = ""


PACKAGES = (
    Package("numpy", "numpy", "all arithmetic", ranks=True),
    Package("pillow", "PIL.Image", "reading photos", ranks=True),
    Package("pi-heif", "pi_heif", "reading HEIC", ranks=True),
    Package("rawpy", "rawpy", "reading the previews in RAW files"),
    Package("opencv-python-headless", "cv2", "measuring image quality", ranks=True),
    Package("scipy", "scipy", "finding series, calibration", ranks=True),
    Package("pyarrow", "pyarrow", "keeping what was measured", ranks=True),
    Package("natsort", "natsort", "the natural order of file names", ranks=True),
    Package("platformdirs", "platformdirs", "the cache folder", ranks=True),
    Package("safetensors", "safetensors", "reading rankers", ranks=True),
    Package("lxml", "lxml.etree", "XMP sidecars", ranks=True),
    Package("tyro", "tyro", "the command line", ranks=True),
    Package("rich", "rich.console", "tables and progress", ranks=True),
    Package("pyyaml", "yaml", "settings of a training"),
    Package("onnxruntime", "onnxruntime", "CLIP and ResNet on a CPU"),
    Package("torch", "torch", "training, CLIP and ResNet", slow=True),
    Package("transformers", "transformers", "CLIP and ResNet", slow=True),
    Package("huggingface-hub", "huggingface_hub", "fetching weights", slow=True),
    Package("onnx", "onnx", "exporting rankers and networks", slow=True),
    Package("onnxscript", "onnxscript", "exporting networks", slow=True),
    Package("pandas", "pandas", "tables of preferences: training, evaluation", slow=True),
    Package("matplotlib", "matplotlib", "pictures of a training and an evaluation", slow=True),
    Package("optuna", "optuna", "phototriage tune", slow=True, extra="tune"),
)

_PROGRAMS = {
    "exiftool": "shows what stands in sidecars; phototriage does not need it",
    "chromium": "one of the browsers that show --html pages; any will do",
}


def software_findings() -> Iterator[Finding]:
    """phototriage, Python, every package, and programs that are good to have."""
    yield Finding(_SECTION, "phototriage", "ok", _version("phototriage") or "not installed as a package")
    system = f"{platform.system()} {platform.machine()}"
    yield Finding(_SECTION, "Python", "ok", f"{platform.python_version()} on {system}")
    for package in PACKAGES:
        yield _package(package)
    for name, use in _PROGRAMS.items():
        path = shutil.which(name)
        yield Finding(_OTHERS, name, "ok" if path else "missing", path or use)


def _package(package: Package) -> Finding:
    installed = _version(package.name)
    name, what = package.name, f"phototriage[{package.extra}]" if package.extra else package.name
    try:
        if find_spec(package.module.partition(".")[0]) is None:
            raise ModuleNotFoundError(package.module)
        if not package.slow:
            import_module(package.module)
        details = _DETAILS[name]() if name in _DETAILS else ""
    except ModuleNotFoundError as error:
        if error.name not in (None, package.module.partition(".")[0]):
            value = f"{reason(error)}; it gives {package.gives}"
            hint = f"pip install --force-reinstall {name}"
            return Finding(_SECTION, name, "broken", value, hint, package.ranks)
        hint = f'for {package.gives}: pip install "{what}"'
        return Finding(_SECTION, name, "missing", f"gives {package.gives}", hint, package.ranks)
    except BROKEN as error:
        value = f"cannot be imported: {reason(error)}; it gives {package.gives}"
        return Finding(
            _SECTION, name, "broken", value, f"pip install --force-reinstall {name}", package.ranks
        )
    return Finding(
        _SECTION,
        name,
        "ok",
        ", ".join(filter(None, [installed or "of unknown version", details])),
        essential=package.ranks,
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


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
