from __future__ import annotations

import pytest
from support.mediapipe_reference import Reference

from kinesics.perception.openvino.models import Models


@pytest.fixture(scope="session")
def models() -> Models:
    return Models()


@pytest.fixture(params=["signing_webcam.mp4", "folding_arms.gif", "woman_covers_face.mp4"], scope="session")
def reference(request: pytest.FixtureRequest) -> Reference:
    return Reference(request.param)
