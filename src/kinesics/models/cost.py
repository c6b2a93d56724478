"""What every network costs: parameters, and multiply-adds for one stated input, counted without computing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from kinesics.models.emotion.net import EMOTION_PRESETS, EmotionNet, build_emotion_net
from kinesics.models.emotion.streams import Gestures, Stream
from kinesics.models.face.mini_xception import SIZE, MiniXception
from kinesics.models.face.swinface import HEADS, SwinFace
from kinesics.models.gesture.net import GESTURE_PRESETS, GestureNet, build_gesture_net
from kinesics.models.skeleton.agcn import AGCN, AGCNConfig, TwoStreamAGCN
from kinesics.models.video.encoder import ClipEncoder
from kinesics.models.video.i3d import I3D
from kinesics.models.video.mvit import PAPER, SMALL, TINY, VideoEncoder
from kinesics.skeleton import LAYOUTS, UPPER_BODY

CLASSES = 32  # of iMiGUE
FRAMES = 32  # of a skeleton clip, at 12.5 a second
FACES, CLIPS, GESTURES = 60, 28, 20  # in a minute: a face a second, clips of 2.1 seconds side by side
CLIP = f"a clip, its skeleton of {FRAMES}×{len(UPPER_BODY)}"
MINUTE = f"a minute: {FACES} faces, {CLIPS} clips, {GESTURES} gestures"


class Cost(NamedTuple):
    """A row of the table: millions of parameters, and 10⁹ multiply-adds for `input`."""

    network: str
    preset: str
    input: str
    parameters: float
    gmac: float


Inputs = Mapping[str, Any]


class CountedNetwork(NamedTuple):
    """A network to count. feed: the network to its arguments. parts: attributes that get rows of their own, by name."""

    network: str
    preset: str
    input: str
    build: Callable[[], nn.Module]
    feed: Callable[[Any], Inputs]
    parts: Mapping[str, str] = {}


def costs() -> Iterator[Cost]:
    """All networks and presets, one after the other, on the meta device: nothing is allocated, nothing computed."""
    for row in _rows():
        with torch.device("meta"):
            network = row.build().to("meta").eval()
            inputs = row.feed(network)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(**inputs)
        flops = {name: sum(kinds.values()) for name, kinds in counter.get_flop_counts().items()}
        for name, part in row.parts.items():
            macs = flops[f"{type(network).__name__}.{part}"] / 2e9
            yield Cost(name, row.preset, f"its part of {row.network}", _millions(network.get_submodule(part)), macs)
        yield Cost(row.network, row.preset, row.input, _millions(network), counter.get_total_flops() / 2e9)


def _millions(network: nn.Module) -> float:
    return sum(p.numel() for p in network.parameters()) / 1e6


def table() -> str:
    """The costs as a Markdown table."""
    head = ("network", "preset", "input", "parameters, M", "GMAC")
    rows: list[tuple[str, ...]] = [head, *((*c[:3], f"{c.parameters:.2f}", f"{c.gmac:.3f}") for c in costs())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rows.insert(1, tuple("-" * (width - (i > 2)) + ":" * (i > 2) for i, width in enumerate(widths)))
    return "\n".join(f"| {' | '.join(_padded(row, widths))} |" for row in rows)


def _padded(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    """Words to the left, numbers to the right."""
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if i > 2 else cell.ljust(width)


def _rows() -> Iterator[CountedNetwork]:
    for preset, config in (("paper", PAPER), ("small", SMALL), ("tiny", TINY)):
        clip = f"{config.frames}×{config.size}×{config.size}"
        yield CountedNetwork("VideoEncoder (MViTv2)", preset, clip, partial(VideoEncoder, config), _clip)
    yield CountedNetwork("I3D", "published", "64×224×224", I3D, _clip)

    ntu = LAYOUTS["ntu_25"]
    yield CountedNetwork(
        "AGCN, one stream", "published", "300×25, 2 persons", partial(AGCN, ntu, AGCNConfig()), _two_people
    )
    yield CountedNetwork(
        "2s-AGCN", "published", "300×25, 2 persons", partial(TwoStreamAGCN, ntu, AGCNConfig()), _two_people
    )
    for preset, sizes in GESTURE_PRESETS.items():
        build = partial(TwoStreamAGCN, UPPER_BODY, sizes.skeleton)
        yield CountedNetwork("2s-AGCN", preset, f"{FRAMES}×{len(UPPER_BODY)}", build, lambda _: {"x": _skeleton()})

    parts = {"SwinFace, backbone": "backbone"}
    yield CountedNetwork("SwinFace, expression", "published", "112×112", SwinFace, _face, parts)
    yield CountedNetwork("SwinFace, all heads", "published", "112×112", SwinFace, _face_for_all)
    yield CountedNetwork(
        "MiniXception", "shipped", f"{SIZE}×{SIZE}", MiniXception, lambda _: {"x": torch.empty(1, 1, SIZE, SIZE)}
    )

    for preset in GESTURE_PRESETS:
        gesture = partial(build_gesture_net, preset, CLASSES)
        yield CountedNetwork(
            "GestureNet", preset, CLIP, gesture, _clip_and_skeleton, {"CrossModalTokenFusion": "fusion"}
        )
    for preset in EMOTION_PRESETS:
        emotion = partial(build_emotion_net, preset, CLASSES)
        yield CountedNetwork("EmotionNet", preset, MINUTE, emotion, _minute, {"InterFusion": "fusion"})


def _clip(network: ClipEncoder) -> Inputs:
    return {"clip": torch.empty(1, 3, network.frames, network.size, network.size)}


def _two_people(network: AGCN | TwoStreamAGCN) -> Inputs:
    return {"x": torch.empty(1, 3, 300, len(network.layout), 2)}


def _skeleton() -> Tensor:
    return torch.empty(1, 4, FRAMES, len(UPPER_BODY), 1)


def _face(network: SwinFace) -> Inputs:
    return {"x": torch.empty(1, 3, 112, 112)}


def _face_for_all(network: SwinFace) -> Inputs:
    return {**_face(network), "wanted": HEADS}


def _clip_and_skeleton(network: GestureNet) -> Inputs:
    places = torch.empty(1, FRAMES, len(UPPER_BODY), 2)
    return {"video": _clip(network.video)["clip"], "skeleton": _skeleton(), "places": places}


def _minute(network: EmotionNet) -> Inputs:
    face, video, gesture = network.face, network.video, torch.zeros(1, GESTURES)
    assert face is not None
    assert video is not None
    faces = torch.empty(1, FACES, face.channels, face.size, face.size)
    clips = _clip(video)["clip"].expand(CLIPS, -1, -1, -1, -1)[None]
    return {
        "face": Stream(faces, torch.empty(1, FACES)),
        "context": Stream(clips, torch.empty(1, CLIPS)),
        "gestures": Gestures(gesture.long(), gesture, gesture, gesture),
    }
