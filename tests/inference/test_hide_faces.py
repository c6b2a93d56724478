"""Faces are hidden in every frame: no detector finds one any longer, and a head that is lost stays hidden."""

from dataclasses import replace

import numpy as np
import pytest
from support.recordings import person, real_clip

from kinesics.inference.hide_faces import FaceHider
from kinesics.perception.engine import Face
from kinesics.perception.openvino.detect import anchors, detections
from kinesics.perception.openvino.models import MODELS, Models
from kinesics.perception.openvino.regions import ImagePart, cut, whole_image
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import Frame, read_frames

HEAD = (0.5, 0.40)  # of the drawn person, in shares of the image


def faces_in(image: np.ndarray, models: Models) -> FloatArray:
    """What the full-range face detector finds, by its own threshold of a half."""
    view, spec = ImagePart(image), MODELS["face_finder"]
    raw, logits = models.run("face_finder", cut([view], whole_image(view), spec.side, black=True))
    return detections(raw[0], logits[0], anchors(spec.side, (4,), 1), spec.side, 0.5)


@pytest.mark.parametrize("how", ["mosaic", "fill"])
def test_no_face_is_found_any_longer(how):
    models = Models()
    frames = list(read_frames(real_clip(), fps=5))
    assert all(len(faces_in(frame.image, models)) for frame in frames), "in the clip there is one in every frame"
    hider = FaceHider((), how)  # nobody is tracked: the finder alone
    for frame in frames:
        hidden = hider.hide(frame)
        assert len(faces_in(hidden, models)) == 0
        outside = np.ones(hidden.shape[:2], bool)
        for x, y, half in hider.spots(frame):
            rows, columns = np.ogrid[: hidden.shape[0], : hidden.shape[1]]
            outside &= np.hypot(columns - x, rows - y) > 1.4 * half
        assert outside.mean() > 0.3
        np.testing.assert_array_equal(hidden[outside], frame.image[outside], "all else stays as it is")


def grey(time, size=(240, 320)):
    rng = np.random.default_rng(round(100 * time))
    return Frame(time, rng.integers(0, 255, (*size, 3)).astype(np.uint8))


def spots(people, time):
    return FaceHider(people, "fill", None).spots(grey(time))


def test_a_tracked_head_is_hidden_where_it_is():
    one = person(4.0)
    (spot,) = spots((one,), 1.0)
    x, y, half = spot
    assert abs(x - 320 * HEAD[0]) < 8
    assert abs(y - 240 * HEAD[1]) < 12
    forehead, chin = UPPER_BODY.indices("forehead", "chin")
    points = one.image_xy[25, [forehead, chin]] * (320, 240)
    assert (np.abs(points[:, 1] - y) < 1.2 * half).all()
    hidden = FaceHider((one,), "fill", None).hide(grey(1.0))
    assert (hidden[int(y) - 5 : int(y) + 5, int(x) - 5 : int(x) + 5] == 40).all()


def test_a_head_that_is_lost_stays_hidden_and_grows():
    one = person(6.0)
    head = [i for i, joint in enumerate(UPPER_BODY.joints) if any(part in joint for part in
            ("nose", "forehead", "chin", "eye", "ear", "brow", "cheek", "mouth", "lip", "head"))]  # fmt: skip
    score = one.score.copy()
    score[25:125, head] = 0  # from 1 to 5 s only the body is seen
    lost = replace(one, score=score)
    sizes = [spots((lost,), time)[0][2] for time in (0.5, 1.5, 2.0, 3.0, 5.5)]
    assert sizes[0] < sizes[1] < sizes[2] < sizes[3]
    assert sizes[3] == pytest.approx(2 * sizes[0], rel=0.05)
    assert sizes[4] == pytest.approx(sizes[0], rel=0.05)


def test_who_has_left_is_hidden_a_while_longer():
    one = person(10.0)
    score = one.score.copy()
    score[50:] = 0  # gone after 2 s
    gone = replace(one, score=score)
    assert spots((gone,), 4.5)
    assert not spots((gone,), 5.5)
    assert not spots((replace(one, score=np.zeros_like(score)),), 1.0), "nobody was ever there"


def test_everybody_and_whoever_is_found_is_hidden():
    people = (person(4.0, right=-0.2), person(4.0, number=2, right=0.2))
    assert len(spots(people, 1.0)) == 2
    found = [Face(20.0, 30.0, 24.0)]
    hider = FaceHider(people, "fill", lambda image: found)
    assert len(hider.spots(grey(1.0))) == 3
    found.clear()
    assert [spot[2] > 24 * 0.8 for spot in hider.spots(grey(1.5))[2:]] == [True], "held, and larger"
    assert len(hider.spots(grey(2.5))) == 2
    hider.hide(grey(0.1))  # an earlier frame again, as in a second pass


def test_a_mosaic_keeps_few_colours():
    hidden = FaceHider((person(4.0),), "mosaic", None)
    frame = grey(1.0)
    ((x, y, half),) = hidden.spots(frame)
    part = hidden.hide(frame)[int(y - half / 2) : int(y + half / 2), int(x - half / 2) : int(x + half / 2)]
    assert len(np.unique(part.reshape(-1, 3), axis=0)) <= 16
