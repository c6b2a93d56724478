"""A camera, a stream or a file followed while it runs: events as they come, with a bounded look-ahead.

The sliding classifier of `analyze`, made causal: a window is asked about what happened `LOOK_AHEAD` ago, with what is
not there yet held still, and averaged with the windows before it alone.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from kinesics.errors import KinesicsError
from kinesics.inference.analyze import event_rule
from kinesics.inference.events import EventRule
from kinesics.inference.prior import prior_ratio, with_ratio
from kinesics.inference.scorer import PriorScorer, open_scorer
from kinesics.inference.scores import gesture_names
from kinesics.inference.skeleton import SkeletonScorer
from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import LandmarkEngine, Landmarks
from kinesics.perception.engines import DEFAULT_ENGINE, open_engine
from kinesics.perception.observe import person_of
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, to_upper_body
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import kinesics_json
from kinesics.timeline.formats.common import Provenance
from kinesics.video.image import Image
from kinesics.video.live import LiveFrame, LiveFrames
from kinesics.weights.specification import DEFAULT, NONE, RECORDING

LOOK_AHEAD = 1  # strides between now and what is asked about
RECORDED, EVENTS, TIMELINE = "recording.mkv", "events.jsonl", "timeline.json"
_BUFFERED = 1.5  # seconds of joints beyond a window, for smoothing and scale
_AWAY = 0.5  # seconds without landmarks for which the last ones stand, where frames were dropped
_REWRITTEN = 5.0  # seconds between two writings of the timeline
_DELAYS = 200  # of which the median is shown

State = Literal["begun", "ended", "resumed"]


@dataclass(frozen=True)
class LiveEvent:
    """What became known of an event: that it has begun, or ended, or goes on after all.

    event: as it is known now. state: what became known. delay: seconds from the event's start, or its end, to now.
    """

    event: Event
    state: State
    delay: float


@dataclass(frozen=True, eq=False)
class LiveUpdate:
    """What is known after a frame.

    time: seconds from the first frame. image: (H, W, 3) uint8 RGB. image_xy: (42, 2) joints, 0..1 across the image, and
    score: (42,) how surely each is seen. actions: (52,) each of `kinesics.perception.actions.ACTIONS`, 0..1, NaN where
    the face is not seen well. changes: events that have begun or ended. ongoing: all that last. dropped: frames that
    came too fast, all in all. lag: seconds from the frame's coming to now. delay: the median seconds from the end of an
    event to when that was known; None before the first.
    """

    time: float
    image: Image
    image_xy: FloatArray
    score: FloatArray
    actions: FloatArray
    changes: tuple[LiveEvent, ...]
    ongoing: tuple[Event, ...]
    dropped: int
    lag: float
    delay: float | None


def live(
    source: str,
    *,
    weights: str | Path | PriorScorer | None = None,
    threshold: float | Mapping[str, float] | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
    out: Path | None = None,
) -> Iterator[LiveUpdate]:
    """Watch one person, and tell of micro-gestures as they come.

    Parameters
    ----------
    source : a camera's number, the address of a stream (rtsp://…), or a video file, which is played at its own speed.
    weights, threshold, engine : as in `kinesics.analyze`; the weights are of a skeleton network.
    out : a folder for the recording, for the events, a line each, and for the timeline; all are written all the while.

    Yields
    ------
    What is known after each frame that was looked at.

    Raises
    ------
    KinesicsError
        for a source that does not open, and for weights that cannot be used.
    """
    scorer = weights if isinstance(weights, PriorScorer) else open_scorer(Path(weights or DEFAULT))
    watcher = LiveWatcher(scorer, event_rule(scorer.specification, threshold))
    engine = open_engine(engine) if isinstance(engine, str) else engine
    with ExitStack() as stack:
        record = None if out is None else out / RECORDED
        waiting = LiveFrames(source, watcher.fps, record)
        follower = stack.enter_context(engine.follower())
        follower.begin(np.zeros((480, 640, 3), np.uint8))()  # so that models are there when the first frame comes
        frames = stack.enter_context(waiting)
        written = None if out is None else stack.enter_context(_Written(out, source, watcher))
        for frame in frames:
            update = watcher.see(frame, follower.begin(frame.image)(), engine)
            if written is not None:
                written.add(update)
            yield update
        watcher.finish()


class LiveWatcher:
    """Joints in, one frame after the other; events out.

    Parameters
    ----------
    scorer : of a skeleton network.
    rule : when a run of scores is an event.

    Raises
    ------
    KinesicsError
        for weights of another network, and for a prior that is learned from the whole recording.
    """

    def __init__(self, scorer: PriorScorer, rule: EventRule) -> None:
        if not isinstance(scorer.scorer, SkeletonScorer):
            raise KinesicsError(
                f"{scorer.specification.name}: expected weights of a skeleton network, found "
                f"{scorer.specification.network}; leave --weights away to use the ones that are shipped"
            )
        if scorer.prior == RECORDING:
            raise KinesicsError("--prior recording: expected shares known beforehand; name even, interview, or a file")
        self.specification, self._scorer = scorer.specification, scorer.scorer
        self.fps, self._stride = self.specification.fps, self.specification.stride_frames
        self._ratio = prior_ratio(scorer.prior, self.specification.classes)
        self._runs = LiveRuns(self.specification.classes, rule, self._stride / self.fps, self.specification.name)
        count = self.specification.frames + round(_BUFFERED * self.fps)
        self._rows: deque[_Row] = deque(maxlen=count)
        self._next, self._smoothed = 0, deque[FloatArray](maxlen=1 + self.specification.frames // 4 // self._stride)
        self._delays: deque[float] = deque(maxlen=_DELAYS)
        self.closed: list[Event] = []

    def see(self, frame: LiveFrame, landmarks: Landmarks | None, engine: LandmarkEngine) -> LiveUpdate:
        """Take in a frame.

        Parameters
        ----------
        frame : as it came.
        landmarks : the person's in it, None where nobody is seen.
        engine : that found them.

        Returns
        -------
        What is known now.
        """
        size = frame.image.shape[1], frame.image.shape[0]
        row = _row(landmarks, engine)
        slot = round(frame.time * self.fps)
        held = self._rows[-1] if self._rows and slot - self._next < _AWAY * self.fps else _row(None, engine)
        for _ in range(self._next, slot):
            self._append(held, size, engine)
        if slot >= self._next:
            self._append(row, size, engine)
        now = frame.time + time.perf_counter() - frame.arrived
        changes = tuple(self._change(event, state, now) for event, state in self._runs.take_changes())
        self.closed += self._runs.take_closed()
        delay = statistics.median(self._delays) if self._delays else None
        image_xy = (row.xyz[:, :2] / np.array(size)).astype(np.float32)
        return LiveUpdate(
            frame.time, frame.image, image_xy, row.score, row.actions, changes, self._runs.ongoing(frame.time),
            frame.dropped, now - frame.time, delay,
        )  # fmt: skip

    def finish(self) -> None:
        """End what still lasts: nothing more comes."""
        self._runs.finish()
        self.closed += self._runs.take_closed()

    def _change(self, event: Event, state: State, now: float) -> LiveEvent:
        delay = now - (event.end if state == "ended" else event.start)
        if state == "ended":
            self._delays.append(delay)
        return LiveEvent(event, state, delay)

    def _append(self, row: _Row, size: tuple[int, int], engine: LandmarkEngine) -> None:
        self._rows.append(row)
        self._next += 1
        if self._next % self._stride == 0:
            self._score(size, engine)

    def _score(self, size: tuple[int, int], engine: LandmarkEngine) -> None:
        """Ask about the window whose middle is `LOOK_AHEAD` strides ago."""
        xyz, score = np.stack([row.xyz for row in self._rows]), np.stack([row.score for row in self._rows])
        scale = np.stack([row.scale for row in self._rows])
        person = person_of(xyz, score, scale, size, self.fps, is_3d=engine.is_3d)
        middle = len(self._rows) - LOOK_AHEAD * self._stride
        starts = np.array([middle - self.specification.frames // 2])
        found = self._scorer.score_windows(person, np.arange(len(self._rows)), starts)["both"][0]
        self._smoothed.append(with_ratio(found, self._ratio))
        angles = np.linspace(-np.pi / 2, 0, self._smoothed.maxlen + 1)[1:] if self._smoothed.maxlen else np.zeros(1)
        weight = np.cos(angles)[-len(self._smoothed) :]
        probability = np.average(np.stack(self._smoothed), axis=0, weights=weight)
        self._runs.add((self._next - LOOK_AHEAD * self._stride) / self.fps, probability.astype(np.float32))


@dataclass(frozen=True, eq=False)
class _Row:
    """One person in one frame: xyz (42, 3), score (42,), scale (2,), actions (52,)."""

    xyz: FloatArray
    score: FloatArray
    scale: FloatArray
    actions: FloatArray


def _row(landmarks: Landmarks | None, engine: LandmarkEngine) -> _Row:
    joints = len(UPPER_BODY)
    nothing = np.full(len(ACTIONS), np.nan, np.float32)
    if landmarks is None:
        empty = np.zeros((joints, 3), np.float32), np.zeros(joints, np.float32)
        return _Row(*empty, np.full(2, np.nan, np.float32), nothing)
    one = SkeletonSequence(landmarks.points[None], landmarks.score[None], 1.0, engine.layout)
    upper = to_upper_body(one)
    actions = nothing if landmarks.actions is None else landmarks.actions
    return _Row(upper.xyz[0], upper.score[0], landmarks.metres_per_pixel, actions)


class LiveRuns:
    """Hysteresis while it runs: what `find_events` finds in whole recordings, announced as soon as it is known.

    Parameters
    ----------
    classes : of the scores.
    rule : when a run of scores is an event.
    step : seconds between two scores.
    source : the name that the events bear as theirs.
    """

    def __init__(self, classes: tuple[str, ...], rule: EventRule, step: float, source: str) -> None:
        self._classes, self._rule, self._step, self._source = classes, rule, step, source
        self._open: dict[str, _Run] = {}  # a stretch above the offset that lasts
        self._ended: dict[str, _Run] = {}  # one that was announced and ended, until it is too late for it to go on
        self._changes: list[tuple[Event, State]] = []
        self._closed: list[Event] = []

    def add(self, moment: float, probability: FloatArray) -> None:
        """Take in the scores of a moment, one step after the one before.

        Parameters
        ----------
        moment : seconds.
        probability : (C,).
        """
        for index, label in enumerate(self._classes):
            if label != NONE:
                self._add(index, label, moment, float(probability[index]))

    def _add(self, index: int, label: str, moment: float, score: float) -> None:
        onset, run = self._rule.onset_of(label), self._open.get(label)
        if score >= onset * self._rule.offset:
            if run is None:
                run = self._open[label] = _Run(index, label, moment)
            run.last, run.peak = moment, max(run.peak, score)
            if run.peak >= onset and not run.announced:
                self._tell(label, run)
        elif run is not None:
            del self._open[label]
            if run.announced:
                self._changes.append((self._event(run), "ended"))
                self._ended[label] = run
        self._give_up(label, moment)

    def _tell(self, label: str, run: _Run) -> None:
        """A run has reached the onset: it begins an event, or is what goes on after a short gap."""
        run.announced = True
        before = self._ended.pop(label, None)
        if before is not None and self._bridges(before, run.first):
            run.first, run.peak = before.first, max(run.peak, before.peak)
            self._changes.append((self._event(run), "resumed"))
            return
        if before is not None:
            self._close(before)
        self._changes.append((self._event(run), "begun"))

    def _give_up(self, label: str, moment: float) -> None:
        """Close what ended, if nothing that lasts or comes can make it go on."""
        before, run = self._ended.get(label), self._open.get(label)
        if before is not None and not self._bridges(before, moment if run is None else run.first):
            self._close(self._ended.pop(label))

    def _bridges(self, before: _Run, first: float) -> bool:
        return first - before.last <= self._rule.min_gap + self._step + 1e-6

    def _close(self, run: _Run) -> None:
        event = self._event(run)
        if event.end - event.start >= self._rule.min_duration:
            self._closed.append(event)

    def _event(self, run: _Run) -> Event:
        start, end = max(0.0, run.first - self._step / 2), run.last + self._step / 2
        return Event(run.label, run.index, round(start, 3), round(end, 3), round(run.peak, 4), 1, self._source)

    def take_changes(self) -> list[tuple[Event, State]]:
        """What became known since this was asked last."""
        taken, self._changes = self._changes, []
        return taken

    def take_closed(self) -> list[Event]:
        """Events that nothing will change any more, since this was asked last."""
        taken, self._closed = self._closed, []
        return taken

    def ongoing(self, now: float) -> tuple[Event, ...]:
        """Those that have begun and not ended, up to now."""
        lasting = (self._event(run) for run in self._open.values() if run.announced)
        return tuple(replace(event, end=max(event.end, round(now, 3))) for event in lasting)

    def finish(self) -> None:
        """Close all that is open."""
        for run in (*self._ended.values(), *(run for run in self._open.values() if run.announced)):
            self._close(run)
        self._ended.clear()
        self._open.clear()


@dataclass
class _Run:
    """A stretch of scores above an offset, from its first moment to its last; announced when it reaches the onset."""

    index: int
    label: str
    first: float
    last: float = 0.0
    peak: float = 0.0
    announced: bool = False


class _Written:
    """The events in a folder: a line each, at once on the disk, and every few seconds the whole timeline."""

    def __init__(self, out: Path, source: str, watcher: LiveWatcher) -> None:
        self._out, self._source, self._watcher = out, source, watcher
        self._count, self._seconds, self._written = 0, 0.0, 0.0
        self._events = (out / EVENTS).open("w", encoding="utf-8")

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *error: object) -> None:
        self._watcher.finish()
        self._write_events()
        self._write_timeline()
        self._events.close()

    def add(self, update: LiveUpdate) -> None:
        """Write what is new."""
        self._seconds = update.time
        self._write_events()
        if update.time - self._written >= _REWRITTEN:
            self._write_timeline()

    def _write_events(self) -> None:
        new = self._watcher.closed[self._count :]
        if new:
            self._events.writelines(json.dumps(vars(event), ensure_ascii=False) + "\n" for event in new)
            self._events.flush()
            os.fsync(self._events.fileno())
            self._count += len(new)

    def _write_timeline(self) -> None:
        self._written = self._seconds
        events = tuple(sorted(self._watcher.closed, key=lambda event: (event.start, event.end)))
        specification = self._watcher.specification
        facts = {"name": self._source, "kind": "live", "fps": self._watcher.fps}
        classes = gesture_names(specification.classes)
        provenance = Provenance(facts, {"name": specification.name}, classes=classes)
        duration = max([self._seconds, *(event.end for event in events)])
        kinesics_json.write(self._out / TIMELINE, Timeline(events, duration), provenance)
