"""Writes the verdicts into XMP sidecars, which other programs read, and keeps everything else in them."""

from phototriage.outputs.sidecars.marks import Scheme, SidecarOptions
from phototriage.outputs.sidecars.plan import SidecarChange, plan_sidecars
from phototriage.outputs.sidecars.runs import written_marks
from phototriage.outputs.sidecars.table import print_sidecars, unread_by_lightroom
from phototriage.outputs.sidecars.undo import UndoneRun, undo_sidecars
from phototriage.outputs.sidecars.write import WrittenSidecars, write_sidecars
from phototriage.xmp.sidecar_names import SidecarName

__all__ = [
    "Scheme",
    "SidecarChange",
    "SidecarName",
    "SidecarOptions",
    "UndoneRun",
    "WrittenSidecars",
    "plan_sidecars",
    "print_sidecars",
    "undo_sidecars",
    "unread_by_lightroom",
    "write_sidecars",
    "written_marks",
]
