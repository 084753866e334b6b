import subprocess
import sys

from phototriage import labels


def test_all_names_exist_and_are_sorted() -> None:
    assert sorted(labels.__all__) == labels.__all__
    assert all(hasattr(labels, name) for name in labels.__all__)


def test_reading_labels_needs_no_torch() -> None:
    script = "import sys, phototriage.labels; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
