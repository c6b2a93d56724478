"""The cases of the benchmark: every network in every way it can run here, the plain baseline first."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from kinesics.deploy.baselines import published
from kinesics.deploy.export import finish, write_onnx
from kinesics.deploy.prepared import PreparedFaces, PreparedGestures, PreparedNetwork, PreparedSkeleton, PreparedVideo
from kinesics.models.gesture.net import GESTURE_PRESETS, build_gesture_net
from kinesics.models.optimised import best_dtype, optimised
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.skeleton import UPPER_BODY
from kinesics.video import Image
from kinesics.weights.exported import ONNX, OPENVINO, read_exported
from kinesics.weights.specification import Specification

Work = Callable[[], Any]
CLASSES, WINDOW = 33, 32  # of the untrained networks: classes, and frames of a skeleton's window
TOKENS = 512, 300, 100  # of ten minutes: faces, windows of two seconds, micro-gestures
_PLAIN = Specification("bench", "", {}, (), "", "", "", "")


@dataclass(frozen=True)
class Case:
    """Several ways to do one thing.

    Attributes
    ----------
    what : the thing's name.
    each : the unit that times are given for.
    count : how many of these units one run does.
    ways : the work of each way by its name, the plain baseline first.
    gflop : of one run, 0 where it is not counted.
    plain_gflop : of one run of the plain baseline, where it does more.
    slow : whether it is measured in few rounds.
    """

    what: str
    each: str
    count: int
    ways: Mapping[str, Work]
    gflop: float = 0.0
    plain_gflop: float | None = None
    slow: bool = False


@dataclass(frozen=True)
class CaseInputs:
    """What the cases are made from.

    Attributes
    ----------
    clip : a video, or None.
    weights : to analyse it with beside the shipped ones, or None for untrained ones.
    folder : for files in passing.
    sizes : the presets that are measured.
    """

    clip: Path | None
    weights: Path | None
    folder: Path
    sizes: tuple[str, ...]


def cases(given: CaseInputs) -> dict[str, Callable[[], Iterator[Case]]]:
    """What makes the cases, by name, so that nothing is built that is not measured."""
    folder, found = given.folder, dict[str, Callable[[], Iterator[Case]]]()
    if given.clip is not None:
        found |= {"decode": partial(_decode, given.clip), "landmarks": partial(_landmarks, given.clip)}
        found["analyze"] = partial(_analyze, given.clip, given.weights, folder, given.sizes)
    for size in given.sizes:
        found[f"2s-agcn {size}"] = partial(_skeleton, size, folder)
        found[f"mvitv2 {size}"] = partial(_video, size, folder)
        found[f"gesture net {size}"] = partial(_gestures, size, folder)
        found[f"fusion {size}"] = partial(_fusions, size)
        found[f"interfusion {size}"] = partial(_interfusion, size)
    if "paper" in given.sizes:
        found["swinface"] = partial(_faces, folder)
    return found


def _decode(clip: Path) -> Iterator[Case]:
    from kinesics.perception.observe import MAX_SIDE
    from kinesics.video import read_frames

    count = sum(1 for _ in read_frames(clip, end=4.0))
    yield Case("decode", "frame", count, {"as it is": lambda: [frame.time for frame in read_frames(clip, end=4.0)]})
    yield Case(
        "decode", "frame", count,
        {f"to {MAX_SIDE} pixels": lambda: [frame.time for frame in read_frames(clip, end=4.0, max_side=MAX_SIDE)]},
    )  # fmt: skip


def _landmarks(clip: Path) -> Iterator[Case]:
    from kinesics.perception.engines import ENGINES, open_engine
    from kinesics.perception.observe import MAX_SIDE
    from kinesics.video import read_frames

    images = [frame.image for frame in read_frames(clip, end=1.0, max_side=MAX_SIDE)]
    for name in ENGINES:
        with open_engine(name).follower() as follower:

            def follow(begin: Callable[[Image], Callable[[], object]] = follower.begin) -> None:
                for answer in [begin(image) for image in images]:
                    answer()

            yield Case("landmarks", "frame", len(images), {name: follow})


def _analyze(clip: Path, weights: Path | None, folder: Path, sizes: tuple[str, ...]) -> Iterator[Case]:
    from kinesics.inference import analyze
    from kinesics.video import probe

    files: dict[str, Path | None] = {"shipped weights": None}
    if weights is None:
        files |= {f"GestureNet, {size}": untrained_weights(size, folder) for size in sizes}
    else:
        files[weights.name] = weights
    seconds = max(1, round(probe(clip).duration))
    for name, file in files.items():
        whole = partial(analyze, clip, weights=file)
        yield Case(f"analyze, {name}", "second of video", seconds, {"whole": whole}, slow=True)


def untrained_weights(size: str, folder: Path) -> Path:
    """Write the weights of an untrained GestureNet whose windows are as long as those of the shipped network."""
    from kinesics.weights.load import save_weights

    torch.manual_seed(0)
    network = build_gesture_net(size, CLASSES)
    config = {"preset": size, "mode": "full", "video": {"network": "mvit", **asdict(GESTURE_PRESETS[size].video)}}
    classes = tuple(f"gesture {number}" for number in range(CLASSES))
    path = folder / f"{size}.safetensors"
    described = replace(
        _PLAIN, network="gesture_net", config=config, classes=classes, layout=UPPER_BODY.name, fps=12.5, frames=WINDOW
    )
    save_weights(path, network, described)
    return path


def _skeleton(size: str, folder: Path) -> Iterator[Case]:
    torch.manual_seed(0)
    count = 16 if size == "small" else 4
    network = TwoStreamAGCN(UPPER_BODY, replace(GESTURE_PRESETS[size].skeleton, classes=CLASSES)).eval()
    x = torch.randn(count, 4, WINDOW, len(UPPER_BODY), 1)
    plain = published(network)
    ways = _ways(network, plain, lambda run: partial(run, x))
    ways |= _runtimes(PreparedSkeleton(network, WINDOW), count, folder)
    yield Case(f"2s-AGCN, {size}", "window", count, ways, _gflop(plain, x))


def _video(size: str, folder: Path) -> Iterator[Case]:
    from kinesics.models.video.mvit import VideoEncoder

    torch.manual_seed(0)
    encoder = VideoEncoder(GESTURE_PRESETS[size].video).eval()
    clip = torch.randn(1, 3, encoder.frames, encoder.size, encoder.size)
    ways = _ways(encoder, encoder, lambda run: partial(run, clip))
    ways |= _runtimes(PreparedVideo(optimised(encoder, torch.float32)), 1, folder)
    yield Case(f"MViTv2, {size}", "clip", 1, ways, _gflop(encoder, clip))


def _gestures(size: str, folder: Path) -> Iterator[Case]:
    torch.manual_seed(0)
    network = build_gesture_net(size, CLASSES).eval()
    video: Any = network.video
    clip = torch.randn(1, 3, video.frames, video.size, video.size)
    given = {"video": clip, "skeleton": torch.rand(1, 4, WINDOW, len(UPPER_BODY), 1)}
    given["places"] = torch.rand(1, WINDOW, len(UPPER_BODY), 2)
    plain = build_gesture_net(size, CLASSES).eval()
    plain.load_state_dict(network.state_dict())
    plain.skeleton = published(network.skeleton)
    ways = _ways(network, plain, lambda run: lambda: run(**given))
    network.register_module("video", optimised(video, torch.float32))
    ways |= _runtimes(PreparedGestures(network, WINDOW), 1, folder)
    yield Case(f"GestureNet, {size}: both streams, video, fusion", "clip", 1, ways, _gflop(plain, **given))


def _fusions(size: str) -> Iterator[Case]:
    from kinesics.models.gesture.net import FUSIONS
    from kinesics.models.video.encoder import ClipTokens

    for name in FUSIONS:
        torch.manual_seed(0)
        network = build_gesture_net(size, CLASSES, fusion=name).eval()
        video: Any = network.video
        tokens = ClipTokens(torch.randn(1, *video.grid, video.width), torch.randn(1, video.width))
        joints = torch.randn(1, WINDOW // 4, len(UPPER_BODY), network.fusion.config.joint_width)
        places = torch.rand(1, WINDOW, len(UPPER_BODY), 2)
        given = (tokens, joints, places)
        ways = _ways(network.fusion, network.fusion, lambda run, given=given: partial(run, *given))  # type: ignore[misc]
        yield Case(f"Cross-Modal Token Fusion, {size}, {name}", "clip", 1, ways, _gflop(network.fusion, *given))


def _interfusion(size: str) -> Iterator[Case]:
    from kinesics.models.emotion.net import build_emotion_net
    from kinesics.models.emotion.streams import Gestures, Stream

    torch.manual_seed(0)
    fusion = build_emotion_net(size, gestures=32).fusion.eval()
    config = fusion.config
    times = [torch.rand(1, count) * 600 for count in TOKENS]
    streams = [
        Stream(torch.randn(*seconds.shape, width), seconds)
        for seconds, width in zip(times, (config.face_width, config.context_width), strict=False)
    ]
    label = torch.randint(0, config.gestures, times[2].shape)
    given = (*streams, Gestures(label, torch.rand_like(times[2]), times[2], torch.ones_like(times[2])))
    ways = _ways(fusion, fusion, lambda run: partial(run, *given))
    yield Case(f"InterFusion, {size}", "ten minutes", 1, ways, _gflop(fusion, *given))


def _faces(folder: Path) -> Iterator[Case]:
    from kinesics.models.face.swinface import HEADS, SwinFace

    torch.manual_seed(0)
    network = SwinFace().eval()
    count = 4
    x = torch.randn(count, 3, 112, 112)
    ways: dict[str, Work] = {"plain: all eleven branches, eager f32": partial(network, x, wanted=HEADS)}
    rest = _ways(network, network, lambda run: partial(run, x))
    ways |= {how: work for how, work in rest.items() if not how.startswith("plain")}
    ways |= {"expression, eager f32": partial(network, x)} | _runtimes(PreparedFaces(network), count, folder)
    yield Case("SwinFace", "face", count, ways, _gflop(network, x), _gflop(network, x, wanted=HEADS))


def _ways(network: nn.Module, plain: nn.Module, feed: Callable[[nn.Module], Work]) -> dict[str, Work]:
    """The plain baseline, then the network as Kinesics runs it, on the processor and on a GPU where there is one."""
    ways = {"plain: eager f32": feed(plain), "optimised f32": feed(optimised(network, torch.float32))}
    if best_dtype() is torch.bfloat16:
        ways["optimised bf16"] = feed(optimised(network, torch.bfloat16))
    if torch.cuda.is_available():
        ways |= {"GPU: plain f32": feed(_OnGPU(plain, torch.float32, fast=False))}
        ways |= {"GPU: compiled bf16": feed(_OnGPU(network, torch.bfloat16, fast=True))}
    return ways


class _OnGPU(nn.Module):
    """On the GPU, waited for. fast: channels last, compiled, and replayed as CUDA graphs, for shapes stay."""

    def __init__(self, network: nn.Module, dtype: torch.dtype, *, fast: bool) -> None:
        super().__init__()
        self.dtype = dtype
        network = copy.deepcopy(network).eval().cuda()
        if fast:
            for module in network.modules():
                if isinstance(module, nn.Conv2d):
                    module.to(memory_format=torch.channels_last)
        self.run: Any = torch.compile(network, mode="reduce-overhead") if fast else network

    def forward(self, *inputs: Any, **named: Any) -> None:
        there = torch.utils._pytree.tree_map(lambda x: x.cuda() if isinstance(x, torch.Tensor) else x, (inputs, named))
        with torch.autocast("cuda", self.dtype, enabled=self.dtype is not torch.float32):
            self.run(*there[0], **there[1])
        torch.cuda.synchronize()


def _runtimes(prepared: PreparedNetwork, count: int, folder: Path) -> dict[str, Work]:
    """The network with its preprocessing inside, exported; none where a runtime is not installed."""
    try:
        onnx_file, other = folder / f"bench{ONNX}", folder / f"bench{OPENVINO}"
        metadata = json.dumps(asdict(_PLAIN))
        write_onnx(onnx_file, prepared.eval(), metadata)
        finish(onnx_file, other, metadata)
        runs = {"ONNX Runtime f32": read_exported(onnx_file), "OpenVINO f32": read_exported(other, "f32")}
        if best_dtype() is torch.bfloat16:
            runs["OpenVINO bf16"] = read_exported(other, "bf16")
    except ModuleNotFoundError:
        return {}
    given = {name: x.numpy() for name, x in zip(prepared.inputs, prepared.example(count), strict=True)}
    return {how: partial(run, **given) for how, run in runs.items()}


def _gflop(network: nn.Module, *inputs: Any, **named: Any) -> float:
    """Of one run: two for each multiply-add, counted."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs, **named)
    return float(counter.get_total_flops()) / 1e9
