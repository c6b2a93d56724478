"""A whole study: what many analysed recordings say together, in tables, tests and one page."""

from kinesics.study.page import study_page
from kinesics.study.recordings import Study, read_study
from kinesics.study.tables import StudyTables, check_tables, study_tables, write_tables

__all__ = ["Study", "StudyTables", "check_tables", "read_study", "study_page", "study_tables", "write_tables"]
