"""Which stream of a file is the video, and which names a file may have."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import av
import pytest
from support.videos import picture, steady, write

from kinesics.errors import KinesicsError
from kinesics.video import probe, read_frames

NAMES = ["2024-05-13T14:30:05.mp4", "50%20off %d.mp4", "P01.session 1.mp4", "-x.mp4", "Anai\u0308s.mp4", "crypto:a.mp4"]


def test_the_default_stream_is_read_and_else_the_largest(tmp_path: Path) -> None:
    for default in (False, True):
        path = tmp_path / f"two {default}.mkv"
        with av.open(str(path), "w") as container:
            streams = [container.add_stream("libx264", rate=25) for _ in range(2)]
            for stream, (width, height) in zip(streams, ((96, 64), (32, 16)), strict=True):
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.disposition = 1 if default and width == 32 else 0
            for i, stream in itertools.product(range(5), streams):
                frame = av.VideoFrame.from_ndarray(picture(i, stream.width, stream.height), format="rgb24")
                container.mux(stream.encode(frame))
            for stream in streams:
                container.mux(stream.encode())
        assert probe(path).width == (32 if default else 96)
        assert next(iter(read_frames(path))).image.shape[1] == probe(path).width


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "clip.mp4", steady(5)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name)).frames == 5
    assert len(list(read_frames(Path(name)))) == 5


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    path.write_bytes(b"")
    with pytest.raises(KinesicsError, match="rename") as caught:
        probe(path)
    str(caught.value).encode()
