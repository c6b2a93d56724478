"""What people look at: the HTML report, the overlay video, and all result files of one analysis."""

from kinesics.report.overlay import write_overlay
from kinesics.report.page import write_report
from kinesics.report.results import write_results

__all__ = ["write_overlay", "write_report", "write_results"]
