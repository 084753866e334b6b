"""`phototriage export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from phototriage.cli.progress import note
from phototriage.errors import ModelError
from phototriage.exit_code import ExitCode
from phototriage.ranker import load_ranker

__all__ = ["Command"]


@dataclass(frozen=True)
class Command:
    """Export a ranker as a folder for a model hub, or as a single file.

    The folder contains model.safetensors, model.onnx, config.json and README.md. The README.md is the model
    card, with the figures from the test_results.json in the model's folder. If --output ends in .safetensors
    or .onnx, only that file is written; a .safetensors also gets a .json. Before writing anything, the
    command compares the ONNX scores with the ranker's. --model of every command accepts the folder or the
    .safetensors.

    Examples:

      phototriage export outputs/mine/best_model.pt --output outputs/mine/hub --data "my bursts, 2019 to 2026"
      phototriage export outputs/mine/best_model.pt --output ranker.onnx
    """

    model: Annotated[Path, tyro.conf.Positional]
    """The ranker: .pt, .safetensors, or the folder of a run or an export."""
    output: Path
    """The folder or file to write; the suffix decides."""
    data: Annotated[str | None, tyro.conf.arg(metavar="TEXT")] = None
    """What the ranker was trained on, in one line for the model card."""
    overwrite: bool = False
    """Replace existing files."""

    def run(self) -> int:
        folder = self.model if self.model.is_dir() else self.model.parent
        if (folder / "last_state.pt").exists():
            raise ModelError(
                f"{folder} holds an interrupted run, whose figures are not of this model: "
                "finish it by `phototriage train --resume`"
            )
        ranker = load_ranker(self.model)

        # Imported here so that --help and a wrong model do not wait for onnxruntime.
        from phototriage.outputs.model.export import export_model, read_test_results

        results = read_test_results(self.model)
        for path in export_model(ranker, self.output, self.data, results, overwrite=self.overwrite):
            note(f"wrote {path}")
        return ExitCode.DONE
