import subprocess
import sys

from phototriage.doctor.software import software_findings
from phototriage.extras import EXTRAS, packages


def test_every_package_and_extra_has_a_line() -> None:
    found = {each.name: each for each in software_findings() if each.section in ("installed", "extras")}
    assert list(found) == ["phototriage", "Python", *packages(), *EXTRAS]
    assert {each.state for each in found.values()} == {"ok"}
    assert found["hub"].value.startswith("huggingface-hub ")


def test_what_is_essential_is_what_rank_imports() -> None:
    script = "import sys, phototriage.cli.rank; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    modules = {
        "lazy-loader": "lazy_loader",
        "opencv-python-headless": "cv2",
        "pillow": "PIL",
        "pyyaml": "yaml",
    }
    lazily = {"natsort", "pi-heif", "platformdirs", "safetensors"}  # by the first photo, and the ranker
    by_rank = {name for name in packages() if modules.get(name, name) in imported}
    essential = {each.name for each in software_findings() if each.section == "installed" and each.essential}
    assert essential - lazily == by_rank - lazily
