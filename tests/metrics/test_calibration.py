import pytest
import torch
from support.logits import drawn
from torchmetrics.functional.classification import multiclass_calibration_error

from kinesics.metrics import expected_calibration_error, fit_temperature


def test_calibration_error_agrees_with_torchmetrics_and_temperature_mends_it():
    logits, labels = drawn(4000)
    logits *= 3  # far too sure
    softmax = torch.from_numpy(logits).softmax(1)
    ece = expected_calibration_error(softmax.numpy(), labels)
    assert ece == pytest.approx(
        multiclass_calibration_error(softmax, torch.from_numpy(labels), 5, n_bins=15).item(), abs=1e-3
    )
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(3, rel=0.35)
    mended = torch.from_numpy(logits / temperature).softmax(1).numpy()
    assert expected_calibration_error(mended, labels) < ece / 2
