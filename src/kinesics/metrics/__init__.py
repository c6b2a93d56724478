"""What is measured: classification, detection in time, calibration, and intervals by subject."""

from kinesics.metrics.calibration import calibration_curve, expected_calibration_error, fit_temperature
from kinesics.metrics.classification import Classification, classify_report, mean_class_accuracy, top_k
from kinesics.metrics.detection import DetectionScore, detection_score
from kinesics.metrics.emotion import emotion_report, roc_curve
from kinesics.metrics.intervals import Interval, bootstrap

__all__ = [
    "Classification",
    "DetectionScore",
    "Interval",
    "bootstrap",
    "calibration_curve",
    "classify_report",
    "detection_score",
    "emotion_report",
    "expected_calibration_error",
    "fit_temperature",
    "mean_class_accuracy",
    "roc_curve",
    "top_k",
]
