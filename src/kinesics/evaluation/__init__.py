"""Predictions of runs: judged, combined, and written as the MiGA challenge wants them."""

from kinesics.evaluation.ensemble import Ensemble, combine, fit_ensemble
from kinesics.evaluation.evaluate import EMOTION, Evaluation, evaluate
from kinesics.evaluation.miga import (
    check_submission,
    write_classification,
    write_emotion,
    write_recognition,
)
from kinesics.evaluation.predictions import Predictions

__all__ = [
    "EMOTION",
    "Ensemble",
    "Evaluation",
    "Predictions",
    "check_submission",
    "combine",
    "evaluate",
    "fit_ensemble",
    "write_classification",
    "write_emotion",
    "write_recognition",
]
