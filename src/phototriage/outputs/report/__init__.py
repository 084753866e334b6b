"""A ranked folder as one page for the browser."""

from phototriage.outputs.report.html import report_html

__all__ = ["report_html"]
