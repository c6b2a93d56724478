"""`EmotionData`: the recordings of a data set that have an emotion, as batches for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.recordings import Recordings
from kinesics.data.registry import open_dataset
from kinesics.data.splits import subject_folds
from kinesics.errors import KinesicsError
from kinesics.evaluation import EMOTION
from kinesics.inference.skeleton import SkeletonScorer
from kinesics.models.emotion.streams import STREAM_NAMES, USUAL_STREAMS
from kinesics.models.face.encoder import FaceEncoder
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.perception.actions import ACTIONS
from kinesics.preprocessing.face_crop import ARCFACE
from kinesics.preprocessing.pose_windows import POSE_JOINTS
from kinesics.progress import Progress, progress_bar
from kinesics.training.emotion.streams import (
    StreamCache,
    cache_context,
    cache_face_actions,
    cache_faces,
    cache_gestures,
    cache_poses,
    context_windows,
    gesture_detector,
    labelled_gestures,
    motion_of,
)
from kinesics.training.inputs.batches import Batch, BatchData, describe_training_data
from kinesics.training.inputs.video_tokens import weights_digest
from kinesics.weights.encoders import is_untrained
from kinesics.weights.load import DEFAULT, NONE
from kinesics.weights.pretrained import face_encoder, video_encoder

MOST_TOKENS = 512  # of a stream in one sample
FACES_A_WINDOW = 2
Item = dict[str, tuple[Tensor, Tensor]]  # by stream: tokens (L, …) and seconds (L,)
_DETECTED, _LABELS = "detected", "labels"
_TITLES = {
    "face": "Encoding faces",
    "context": "Encoding videos",
    "gestures": "Detecting micro-gestures",
    "face_actions": "Reading facial actions",
    "face_motion": "Reading facial actions",
    "poses": "Reading poses",
}
# of the streams that a network has only when asked: fields of `EmotionConfig`
FURTHER_WIDTHS = {"face_actions": len(ACTIONS), "face_motion": 2 * len(ACTIONS), "poses": len(POSE_JOINTS)}


@dataclass(frozen=True)
class EmotionDataSpec:
    """What a network must know of the data.

    streams: those in the batches, of `STREAM_NAMES`.
    face: the encoder whose tokens, or whose input, they hold; None without that stream.
    face_name: of the face encoder.
    video: the encoder of the context stream likewise.
    gestures: how many classes of micro-gestures.
    from_frames: whether the encoders are trained too.
    training_data: in words.
    classes: in the order of the logits.
    face_rate: faces a second.
    stretch: the mean length of a training recording in seconds.
    widths: fields of `EmotionConfig` that differ from the preset's: the widths of streams.
    """

    streams: tuple[str, ...]
    face: FaceEncoder | None
    face_name: str | None
    video: ClipEncoder | None
    gestures: int
    from_frames: bool
    training_data: str
    classes: tuple[str, ...] = EMOTION
    face_rate: float = 0.0
    stretch: float = 0.0
    widths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class TokenAugmentation:
    """What training takes away from a recording: all but a random stretch, then single tokens.

    Parameters
    ----------
    crop
        The shortest stretch, as a share of the recording (1: all of it).
    drop
        Chance of each token to be left out.
    """

    crop: float = 0.6
    drop: float = 0.2


class EmotionVideos(Dataset[tuple[Item, int]]):
    """Recordings as streams of tokens, with their labels (-1: hidden).

    Each draw depends on (seed, epoch, index) alone, so that a resumed training sees what an unbroken one sees.

    Parameters
    ----------
    clips : the recordings.
    streams : the tokens of each stream, of the same recordings.
    augment : what is taken away at random, or None.
    seed : of the draws.
    """

    def __init__(
        self,
        clips: Sequence[ClipInfo],
        streams: Mapping[str, StreamCache],
        augment: TokenAugmentation | None,
        seed: int,
    ) -> None:
        self.clips, self.streams, self.augment, self.seed, self.epoch = clips, streams, augment, seed, 0

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, i: int) -> tuple[Item, int]:
        rng = np.random.default_rng((self.seed, self.epoch, i))
        start, end = self.stretch(i, rng)
        item: Item = {}
        for name, cache in self.streams.items():
            tokens, seconds = cache.read(i)
            rows = self._chosen(seconds, start, end, rng)
            item[name] = torch.from_numpy(tokens[rows]), torch.from_numpy(seconds[rows] - np.float32(start))
        label = self.clips[i].label
        return item, -1 if label is None else label

    def stretch(self, i: int, rng: np.random.Generator) -> tuple[float, float]:
        """Draw which seconds of recording i are used."""
        duration = self.clips[i].end
        if self.augment is None:
            return 0.0, duration
        length = duration * rng.uniform(self.augment.crop, 1)
        start = rng.uniform(0, duration - length)
        return start, start + length

    def _chosen(self, seconds: NDArray[np.float32], start: float, end: float, rng: np.random.Generator) -> Any:
        """Rows of the tokens between start and end: some dropped, or evenly thinned out where they are too many."""
        rows = np.flatnonzero((seconds >= start) & (seconds <= end))
        if self.augment is not None:
            rows = rows[rng.random(len(rows)) >= self.augment.drop]
            if len(rows) > MOST_TOKENS:
                return np.sort(rng.choice(rows, MOST_TOKENS, replace=False))
        return _evenly(rows, MOST_TOKENS)


class EmotionFrames(EmotionVideos):
    """The same with the encoders' input in place of face and context tokens: that of some windows of a recording.

    Training draws the windows, else they lie evenly. Each gives one clip, and up to `FACES_A_WINDOW` faces.

    Parameters
    ----------
    clips, streams, augment, seed : as `EmotionVideos` takes them; `streams` has neither face nor context.
    source : reads the windows.
    """

    def __init__(
        self,
        clips: Sequence[ClipInfo],
        streams: Mapping[str, StreamCache],
        augment: TokenAugmentation | None,
        seed: int,
        source: EmotionData,
    ) -> None:
        super().__init__(clips, streams, augment, seed)
        self.source = source

    def __getitem__(self, i: int) -> tuple[Item, int]:
        item, label = super().__getitem__(i)
        rng = np.random.default_rng((self.seed, self.epoch, i))
        start, end = self.stretch(i, rng)  # the same draw as above
        clip, source = self.clips[i], self.source
        windows = list(context_windows(clip, source.recordings.read_skeleton(clip), source.window))
        inside = [one for one in windows if start <= (one.start + one.end) / 2 <= end] or windows
        count = min(source.frame_windows, len(inside))
        chosen = np.arange(len(inside))
        if self.augment is None:
            chosen = _evenly(chosen, count)
        else:
            chosen = np.sort(rng.choice(len(inside), count, replace=False))
        return item | source.read_windows([inside[k] for k in chosen], start), label


def collate_recordings(items: Sequence[tuple[Item, int]]) -> Batch:
    """Collate recordings, padded to the longest: of each stream NAME_tokens (N, L, …), NAME_seconds, NAME_mask (N, L).

    L is 1 at least, so that a batch in which nobody has a stream still has a place for it. label: (N,).
    """
    batch = {"label": torch.tensor([label for _, label in items])}
    for name in items[0][0]:
        tokens, seconds = zip(*(item[name] for item, _ in items), strict=True)
        longest = max(1, *(len(some) for some in tokens))
        one = tokens[0].new_zeros(longest, *tokens[0].shape[1:])  # the longest there is, taken away again
        batch[f"{name}_tokens"] = pad_sequence([one, *tokens], batch_first=True)[1:]
        batch[f"{name}_seconds"] = pad_sequence([one.new_zeros(longest), *seconds], batch_first=True)[1:]
        length = torch.tensor([len(some) for some in seconds])
        batch[f"{name}_mask"] = torch.arange(longest) < length[:, None]
    return batch


def chosen_streams(chosen: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Give the streams that were chosen, in the order of `STREAM_NAMES`; raises KinesicsError for one not known."""
    if not chosen or set(chosen) - set(known):
        raise KinesicsError(f"data.streams: expected some of {', '.join(known)}, found {', '.join(chosen)}")
    return tuple(name for name in STREAM_NAMES if name in chosen)


def fold_parts(clips: Sequence[ClipInfo], folds: int, fold: int) -> dict[Split, tuple[ClipInfo, ...]]:
    """Deal recordings into twice so many parts with nobody in two; a fold tests on two of them, and validates on one.

    Parameters
    ----------
    clips : the recordings, all labelled.
    folds : how many there are.
    fold : which one, from 0.

    Returns
    -------
    The recordings of each split.

    Raises
    ------
    KinesicsError : for a fold that is not there, or too few people.
    """
    if not 0 <= fold < folds:
        raise KinesicsError(f"data.fold: expected 0 to {folds - 1}, found {fold}")
    parts = subject_folds(clips, 2 * folds)
    test = {2 * fold, 2 * fold + 1}
    held = (2 * fold + 2) % len(parts)
    split_of = {part: "test" if part in test else "val" if part == held else "train" for part in range(len(parts))}
    return {
        split: tuple(clip for part, of in split_of.items() if of == split for clip in parts[part])
        for split in ("train", "val", "test")
    }


def permute_labels(clips: Sequence[ClipInfo], seed: int) -> tuple[ClipInfo, ...]:
    """Deal the labels of recordings out anew at random: what is found then is found by chance."""
    order = np.random.default_rng((seed, 2005)).permutation(len(clips))
    return tuple(replace(clip, label=clips[k].label) for clip, k in zip(clips, order, strict=True))


class EmotionData(BatchData):
    """Whole recordings and their emotion, as streams of faces, context and micro-gestures.

    Parameters
    ----------
    root
        The data set's folder.
    streams
        Which streams there are, some of face, context, gestures, face_actions, face_motion, poses.
    face
        The face encoder: fer, swinface, or untrained paper, small, tiny.
    face_rate
        Faces a second, of the streams of faces.
    video
        The context's encoder: a name (i3d, mvit, paper, small, tiny), a run's folder or a weights file.
    video_size
        Pixels of a clip's frames, where the encoder takes any (I3D).
    window
        Seconds of a token of context or poses.
    gestures
        detected: by the shipped weights. labels: the data set's own. Or a weights file that detects them.
    frame_windows
        0: tokens of frozen encoders, computed once. Above: the encoders are trained too, on the frames of so many
        windows of each recording.
    augment
        What training takes away; null: nothing.
    batch
        Recordings of a batch, of each process.
    folds
        0: the data set's splits. 2 and more: its labelled recordings are dealt into twice so many parts with nobody in
        two; fold k tests on two of them and validates on one.
    fold
        One fold alone; null: one run after the other.
    permuted
        Deals the labels out anew among all labelled recordings, by this seed, to see what is found by chance; null: no.
    workers
        Processes that read batches; 0 reads in the trainer's own.
    seed
        The seed of all draws.
    """

    collate = staticmethod(collate_recordings)

    def __init__(
        self,
        root: Path,
        streams: list[str] = list(USUAL_STREAMS),  # noqa: B006 (the parser shows it; never changed)
        face: str = "fer",
        face_rate: float = 2.5,
        video: str = "i3d",
        video_size: int = 224,
        window: float = 2.0,
        gestures: str = _DETECTED,
        frame_windows: int = 0,
        augment: TokenAugmentation | None = None,
        batch: int = 16,
        folds: int = 0,
        fold: int | None = None,
        permuted: int | None = None,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__(batch, seed, workers)
        self.streams = chosen_streams(streams, tuple(_TITLES))
        if folds == 1:
            raise KinesicsError("data.folds: expected 0, or 2 and more, found 1")
        self.recordings = Recordings(open_dataset(root))
        self.face: FaceEncoder | None = face_encoder(face) if "face" in streams else None
        self.face_name = face if "face" in streams else None
        self.video: ClipEncoder | None = video_encoder(video, size=video_size) if "context" in streams else None
        if not frame_windows and (is_untrained(face) or is_untrained(video)):
            raise KinesicsError(
                f"data.face {face}, data.video {video}: an encoder that has learned nothing yet; train it with "
                "data.frame_windows above 0"
            )
        self.face_rate, self.window, self.gestures, self.frame_windows = face_rate, window, gestures, frame_windows
        self.augment, self.folds, self.fold, self.permuted = augment, folds, fold, permuted
        if frame_windows:
            _train_encoders(self.face, self.video)

    @property
    def spec(self) -> EmotionDataSpec:
        """What a network must know of these data."""
        clips = self.clips("train")
        return EmotionDataSpec(
            streams=self.streams,
            face=self.face,
            face_name=self.face_name,
            video=self.video,
            gestures=self._gesture_classes,
            from_frames=self.frame_windows > 0,
            training_data=describe_training_data(len(clips), "recordings", self.recordings.dataset),
            face_rate=self.face_rate,
            stretch=float(np.mean([clip.end for clip in clips])) if clips else 0.0,
            widths={name: FURTHER_WIDTHS[name] for name in self.streams if name in FURTHER_WIDTHS},
        )

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """Give the recordings of a split; all are labelled but those of the data set's own test split."""
        if not self.folds:
            hidden = [clip for clip in self.recordings.clips if clip.label is None and split == "test"]
            return tuple(clip for clip in (*self._labelled, *hidden) if clip.split == split)
        return self._fold_parts()[split]

    def _fold_parts(self) -> dict[Split, tuple[ClipInfo, ...]]:
        return fold_parts(self._labelled, self.folds, self.fold or 0)

    @cached_property
    def _labelled(self) -> tuple[ClipInfo, ...]:
        """All recordings with a known emotion, or with one dealt out anew."""
        labelled = tuple(clip for clip in self.recordings.clips if clip.label is not None)
        return labelled if self.permuted is None else permute_labels(labelled, self.permuted)

    def prepare_data(self) -> None:
        """Compute all tokens, once; an interrupted pass resumes."""
        with progress_bar("Reading skeletons") as progress:
            self.recordings.keep_skeletons(progress)
        for name in self._cached:
            with progress_bar(_TITLES[name]) as progress:
                self._open_stream(name, (), progress)

    def setup(self, stage: str | None = None) -> None:
        """Open the skeletons; raises KinesicsError where there is nothing to train on."""
        self.recordings.keep_skeletons()
        if not self.clips("train"):
            raise KinesicsError(f"{self.recordings.folder}: expected training videos with an emotion, found none")

    def make_windows(self, split: Split) -> EmotionVideos:
        """Make a split's recordings, with something taken away in training alone."""
        clips = self.clips(split)
        streams = {name: self._open_stream(name, clips) for name in self._cached}
        augment = self.augment if split == "train" else None
        if self.frame_windows:
            return EmotionFrames(clips, streams, augment, self.seed, self)
        return EmotionVideos(clips, streams, augment, self.seed)

    def read_windows(self, windows: Sequence[ClipInfo], start: float) -> Item:
        """Decode the encoders' input for some windows of a recording.

        Parameters
        ----------
        windows : of one recording.
        start : the second from which times count.

        Returns
        -------
        Faces and clips, of the streams that there are.
        """
        frames, size = (16, 112) if self.video is None else (self.video.frames, self.video.size)
        crop = self.face.crop if self.face else ARCFACE
        clips, faces, seconds = [], [], []
        for window in windows:
            read = read_clip(self.recordings, window, frames=frames, size=size, faces=self.face is not None, crop=crop)
            assert read.frames is not None
            assert read.times is not None
            if self.video is not None:
                clips.append(prepare_clip(read.frames, self.video))
            if self.face is not None and read.faces is not None and read.face_seen is not None:
                rows = _evenly(np.flatnonzero(read.face_seen), FACES_A_WINDOW)
                faces.append(self.face.prepare(read.faces[rows]))
                seconds.append(read.times[rows] - start)
        item: Item = {}
        if self.face is not None:
            none = torch.zeros(0, self.face.channels, self.face.size, self.face.size)
            item["face"] = torch.cat([none, *faces]), torch.from_numpy(np.concatenate([[], *seconds])).float()
        if self.video is not None:
            middles = [(window.start + window.end) / 2 - start for window in windows]
            item["context"] = torch.stack(clips), torch.tensor(middles)
        return item

    @property
    def _cached(self) -> tuple[str, ...]:
        """The streams whose tokens are computed once."""
        encoded = ("face", "context") if self.frame_windows else ()
        return tuple(name for name in self.streams if name not in encoded)

    def _open_stream(self, name: str, clips: tuple[ClipInfo, ...], progress: Progress | None = None) -> StreamCache:
        """The tokens of a stream; computed, where they are missing, for all recordings."""
        opened = {
            "face": self._open_faces,
            "context": self._open_context,
            "gestures": self._open_gestures,
            "face_actions": self._open_face_actions,
            "face_motion": self._open_face_motion,
            "poses": self._open_poses,
        }
        return opened[name](clips, progress)

    def _open_faces(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        assert self.face is not None
        digest = self._face_digest
        return cache_faces(self.recordings, self.face, clips, rate=self.face_rate, digest=digest, progress=progress)

    def _open_context(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        assert self.video is not None
        digest = self._video_digest
        return cache_context(self.recordings, self.video, clips, window=self.window, digest=digest, progress=progress)

    def _open_gestures(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        if self.gestures == _LABELS:
            return labelled_gestures(self.recordings, clips)
        return cache_gestures(self.recordings, clips, detector=self._detector, progress=progress)

    def _open_face_actions(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        return cache_face_actions(self.recordings, clips, rate=self.face_rate, progress=progress)

    def _open_face_motion(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        return motion_of(self._open_face_actions(clips, progress))

    def _open_poses(self, clips: tuple[ClipInfo, ...], progress: Progress | None) -> StreamCache:
        return cache_poses(self.recordings, clips, window=self.window, progress=progress)

    # each encoder is hashed, and the detector opened, once

    @cached_property
    def _face_digest(self) -> str:
        return weights_digest(self.face)

    @cached_property
    def _video_digest(self) -> str:
        return weights_digest(self.video)

    @cached_property
    def _detector(self) -> SkeletonScorer:
        return gesture_detector(DEFAULT if self.gestures in (_DETECTED, _LABELS) else Path(self.gestures))

    @property
    def _gesture_classes(self) -> int:
        if self.gestures == _LABELS:
            return len(self.recordings.dataset.classes)
        return len([name for name in self._detector.specification.classes if name != NONE])


def _train_encoders(face: FaceEncoder | None, video: ClipEncoder | None) -> None:
    """Let both encoders learn; what a face encoder freezes of itself stays frozen."""
    for encoder in (face, video):
        if isinstance(encoder, nn.Module):
            encoder.train()
    if isinstance(video, nn.Module):
        video.requires_grad_(True)


def _evenly(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the rows, evenly spread."""
    chosen: NDArray[np.int64] = rows[np.linspace(0, len(rows) - 1, min(len(rows), count)).round().astype(int)]
    return chosen
