"""The tables of encoders: every row builds, describes itself and comes back; one without a row is refused."""

import pytest
import torch
from torch import nn

from kinesics.errors import KinesicsError
from kinesics.models.gesture.net import GESTURE_PRESETS
from kinesics.models.video.i3d import I3D
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.weights.encoders import (
    FACE_ENCODERS,
    VIDEO_ENCODERS,
    build_face_encoder,
    build_video_encoder,
    is_untrained,
    video_encoder_config,
)


class Stranger(nn.Module):
    """A video encoder that somebody wrote and gave no row."""

    kind, frames, size = "stranger", 4, 32

    def sizes(self):
        return {}


@pytest.mark.parametrize("encoder", [VideoEncoder(TINY), I3D(16, 64)], ids=["mvit", "i3d"])
def test_an_encoder_comes_back_from_what_a_specification_says_of_it(encoder):
    config = video_encoder_config(encoder)
    assert config["network"] == encoder.kind
    again = build_video_encoder(config)
    assert type(again) is type(encoder)
    assert again.sizes() == encoder.sizes()
    again.load_state_dict(encoder.state_dict())


def test_lists_that_json_made_of_tuples_are_read():
    config = video_encoder_config(VideoEncoder(TINY))
    assert build_video_encoder(config | {"depths": list(config["depths"])}).config == TINY


def test_an_encoder_without_a_row_is_refused_and_not_taken_for_another():
    with pytest.raises(KinesicsError, match="video encoder Stranger: expected its `kind` in the table"):
        video_encoder_config(Stranger())


@pytest.mark.parametrize("preset", GESTURE_PRESETS)
def test_presets_are_rows(preset):
    assert VIDEO_ENCODERS[preset].build().config == GESTURE_PRESETS[preset].video


@pytest.mark.parametrize("name", FACE_ENCODERS)
def test_every_face_encoder_gives_the_tokens_that_it_promises(name):
    encoder = build_face_encoder(name).eval()
    faces = torch.randint(0, 256, (2, encoder.size, encoder.size, 3), dtype=torch.uint8).numpy()
    prepared = encoder.prepare(faces)
    assert prepared.shape == (2, encoder.channels, encoder.size, encoder.size)
    assert prepared.abs().max() <= 1.0001
    assert encoder.crop.size == encoder.size
    with torch.no_grad():
        assert encoder(prepared).shape == (2, encoder.width)


def test_what_has_learned_nothing_is_known():
    untrained = {name for name in (*VIDEO_ENCODERS, *FACE_ENCODERS) if is_untrained(name)}
    assert untrained == {"paper", "small", "tiny"}
    assert not is_untrained("runs/gesture/tiny/2-video")
    assert not is_untrained(None)
