"""What people look at: the HTML report, the overlay video, and all result files of one analysis."""

from kinesics.report.folder import check_folder, default_folder, written_results
from kinesics.report.overlay import write_overlay
from kinesics.report.page import write_report
from kinesics.report.results import result_names, write_results

__all__ = [
    "check_folder",
    "default_folder",
    "result_names",
    "write_overlay",
    "write_report",
    "write_results",
    "written_results",
]
