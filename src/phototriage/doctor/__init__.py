"""What is installed, what is at hand and what is missing.

Everything fragile is imported inside the checks: they must be able to say that it is broken.
"""

from phototriage.doctor.finding import Finding, State, guarded, works
from phototriage.doctor.formats import format_findings
from phototriage.doctor.machine import machine_findings
from phototriage.doctor.report import health_json, print_health
from phototriage.doctor.software import software_findings
from phototriage.doctor.stored import stored_findings, weights_findings

__all__ = [
    "Finding",
    "State",
    "format_findings",
    "guarded",
    "health_json",
    "machine_findings",
    "print_health",
    "software_findings",
    "stored_findings",
    "weights_findings",
    "works",
]
