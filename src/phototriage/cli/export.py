"""`phototriage export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.progress import note
from phototriage.errors import ModelError
from phototriage.ranker import load_ranker

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Write a ranker for others: a folder for a model hub, or a single file.

    A folder gets model.safetensors, model.onnx, config.json and a README.md that is the model card, with the
    figures of the test_results.json beside the model. An --output that ends in .safetensors or .onnx is that
    file alone, with a .json beside the former. The ONNX file's scores are compared with the ranker's before
    anything is written. Every command's --model takes the folder and the .safetensors.

    For instance,

      phototriage export outputs/mine/best_model.pt --output outputs/mine/hub --data "my bursts, 2019 to 2026"
      phototriage export outputs/mine/best_model.pt --output ranker.onnx
    """

    model: Annotated[Path, tyro.conf.Positional]
    """The ranker: .pt or .safetensors, or the folder of a run or an export."""
    output: Path
    """The folder, or the file by its ending."""
    data: Annotated[str | None, tyro.conf.arg(metavar="TEXT")] = None
    """What the ranker was trained on, in a line for the model card."""
    overwrite: bool = False
    """Replace files that are there already."""

    def run(self) -> int:
        folder = self.model if self.model.is_dir() else self.model.parent
        if (folder / "last_state.pt").exists():
            raise ModelError(
                f"{folder} holds an interrupted run, whose figures are not of this model: "
                "finish it by `phototriage train --resume`"
            )
        ranker = load_ranker(self.model)

        # Here, so that --help and a wrong model do not wait for onnxruntime.
        from phototriage.outputs.model.export import export_model, read_test_results

        results = read_test_results(self.model)
        for path in export_model(ranker, self.output, self.data, results, overwrite=self.overwrite):
            note(f"wrote {path}")
        return 0
