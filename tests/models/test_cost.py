"""The table of costs against published counts, and the guide against the table."""

from functools import cache
from pathlib import Path

import pytest

from kinesics.cli import main
from kinesics.models.cost import costs

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
counted = cache(lambda: {(cost.network, cost.preset): cost for cost in costs()})


def test_published_counts():
    video = counted()["VideoEncoder (MViTv2)", "paper"]
    assert video.gmac == pytest.approx(64.2, abs=0.05)
    assert video.parameters + 0.3076 == pytest.approx(34.54, abs=0.01)  # torchvision counts the classifier, 768 → 400
    assert counted()["2s-AGCN", "published"].parameters == pytest.approx(6.94, abs=0.02)
    # the published counts include an unused layer of 768 → 512
    assert counted()["SwinFace, all heads", "published"].parameters + 0.394 == pytest.approx(67.8, abs=0.05)
    assert counted()["SwinFace, backbone", "published"].parameters + 0.394 == pytest.approx(28.9, abs=0.05)


def test_the_guide_holds_what_the_command_prints(capsys):
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert "InterFusion" in printed
    assert printed in GUIDE.read_text(encoding="utf-8")
