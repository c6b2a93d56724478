"""The MiGA challenge: its three files written and judged, and scores of several runs combined."""

from kinesics.challenge.ensemble import Ensemble, combine, fit_ensemble
from kinesics.challenge.submission import (
    check_submission,
    write_classification,
    write_emotion,
    write_recognition,
)

__all__ = [
    "Ensemble",
    "check_submission",
    "combine",
    "fit_ensemble",
    "write_classification",
    "write_emotion",
    "write_recognition",
]
