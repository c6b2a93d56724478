"""`EmotionData`: the recordings of a data set that have an emotion, as batches for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.recordings import Recordings
from kinesics.data.registry import open_dataset
from kinesics.data.sets.imigue.dataset import IMiGUE
from kinesics.data.splits import subject_folds
from kinesics.errors import KinesicsError
from kinesics.evaluation import EMOTION
from kinesics.models.emotion.streams import STREAM_NAMES
from kinesics.models.face.encoder import FaceEncoder
from kinesics.models.video.encoder import ClipEncoder, prepare_clip
from kinesics.preprocessing.face_crop import ARCFACE
from kinesics.progress import Progress, progress_bar
from kinesics.training.emotion.streams import (
    StreamCache,
    cache_context,
    cache_faces,
    cache_gestures,
    context_windows,
    gesture_classes,
    labelled_gestures,
)
from kinesics.training.gesture.data import Batch, RankSampler
from kinesics.weights.encoders import is_untrained
from kinesics.weights.load import DEFAULT
from kinesics.weights.pretrained import face_encoder, video_encoder

MOST = 512  # tokens of a stream that one sample holds
FACES = 2  # pictures of a face in a window
Item = dict[str, tuple[Tensor, Tensor]]  # by stream: tokens (L, …) and seconds (L,)


@dataclass(frozen=True)
class EmotionDataSpec:
    """What a network must know of the data.

    streams: those in the batches, of `STREAM_NAMES`. face, video: the encoders whose tokens, or whose input, they hold;
    None without that stream. face_name: of the face encoder. gestures: how many classes of micro-gestures. pictures:
    whether the encoders learn too. training_data: in words. face_rate: faces a second. stretch: the mean length of a
    training recording in seconds.
    """

    streams: tuple[str, ...]
    face: FaceEncoder | None
    face_name: str | None
    video: ClipEncoder | None
    gestures: int
    pictures: bool
    training_data: str
    classes: tuple[str, ...] = EMOTION
    face_rate: float = 0.0
    stretch: float = 0.0


@dataclass(frozen=True)
class TokenAugmentation:
    """What training takes away from a recording: all but a random stretch, then single tokens.

    crop: the shortest stretch, as a share of the recording (1: all of it). drop: how likely a token is left out.
    """

    crop: float = 0.6
    drop: float = 0.2


class EmotionVideos(Dataset[tuple[Item, int]]):
    """Recordings as streams of tokens, with their labels (-1: hidden).

    Each draw depends on (seed, epoch, index) alone, so that a resumed training sees what an unbroken one sees.
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
        """Which seconds of recording i are looked at."""
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
            if len(rows) > MOST:
                return np.sort(rng.choice(rows, MOST, replace=False))
        return rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).round().astype(int)]


class EmotionPictures(EmotionVideos):
    """The same with pictures in the place of face and context tokens: those of `windows` stretches of a recording.

    Training draws the stretches, else they lie evenly. Each gives one clip, and up to `FACES` faces.
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
        count = min(source.pictures, len(inside))
        if self.augment is None:
            chosen = np.linspace(0, len(inside) - 1, count).round().astype(int)
        else:
            chosen = np.sort(rng.choice(len(inside), count, replace=False))
        return item | source.read_pictures([inside[k] for k in chosen], start), label


class EmotionData(L.LightningDataModule):
    """Whole recordings and their emotion, as streams of faces, context and micro-gestures.

    root: the data set's folder. streams: which of the three there are. face: the name of a face encoder (see
    `face_encoder`), face_rate: faces a second. video: the name of a clip encoder (see `video_encoder`), video_size:
    pixels of a clip, where it takes any (I3D), window: seconds of a clip. gestures: "detected" by the weights that are
    shipped, or by a weights file that is named; or "labels". pictures: 0 gives the tokens of frozen encoders, computed
    once; else pictures of so many windows of a recording, for encoders that learn too. augment: what training takes
    away; None: nothing. batch: recordings, of each process. folds: 0 takes the data set's splits; else its labelled
    recordings are dealt into twice so many parts with nobody in two: fold k tests on two of them and validates on one.
    fold: that one alone; None: one run after the other.
    """

    def __init__(
        self,
        root: Path,
        streams: list[str] = list(STREAM_NAMES),  # noqa: B006 (the parser shows it; never changed)
        face: str = "fer",
        face_rate: float = 2.5,
        video: str = "i3d",
        video_size: int = 224,
        window: float = 2.0,
        gestures: str = "detected",
        pictures: int = 0,
        augment: TokenAugmentation | None = None,
        batch: int = 16,
        folds: int = 0,
        fold: int | None = None,
        workers: int = 0,
        seed: int = 1,
    ) -> None:
        super().__init__()
        self.streams = tuple(name for name in STREAM_NAMES if name in streams)
        if not streams or set(streams) - set(STREAM_NAMES):
            raise KinesicsError(f"data.streams: expected some of {', '.join(STREAM_NAMES)}, found {', '.join(streams)}")
        if folds == 1:
            raise KinesicsError("data.folds: expected 0, or 2 and more, found 1")
        self.recordings = Recordings(open_dataset(root))
        self.face: FaceEncoder | None = face_encoder(face) if "face" in streams else None
        self.face_name = face if "face" in streams else None
        self.video: ClipEncoder | None = video_encoder(video, size=video_size) if "context" in streams else None
        if not pictures and (is_untrained(face) or is_untrained(video)):
            raise KinesicsError(
                f"data.face {face}, data.video {video}: an encoder that has learned nothing yet; train it with "
                "data.pictures above 0"
            )
        if pictures:
            for encoder in (self.face, self.video):
                if isinstance(encoder, nn.Module):
                    encoder.train()
        if pictures and isinstance(self.video, nn.Module):
            self.video.requires_grad_(True)
        self.face_rate, self.window, self.gestures, self.pictures = face_rate, window, gestures, pictures
        self.augment, self.batch, self.workers, self.seed = augment, batch, workers, seed
        self.folds, self.fold = folds, fold
        self._windows: dict[Split, EmotionVideos] = {}

    @property
    def facts(self) -> EmotionDataSpec:
        detected = DEFAULT if self.gestures in ("detected", "labels") else Path(self.gestures)
        classes = len(self.recordings.dataset.classes) if self.gestures == "labels" else gesture_classes(detected)
        dataset = self.recordings.dataset
        simulated = isinstance(dataset, IMiGUE) and dataset.simulated
        clips = self.clips("train")
        words = f"{len(clips)} recordings of {'simulated ' if simulated else ''}{dataset.name}"
        return EmotionDataSpec(
            self.streams,
            self.face,
            self.face_name,
            self.video,
            classes,
            self.pictures > 0,
            words,
            face_rate=self.face_rate,
            stretch=float(np.mean([clip.end for clip in clips])) if clips else 0.0,
        )

    def clips(self, split: Split) -> tuple[ClipInfo, ...]:
        """The recordings of a split; all are labelled but those of the data set's own test split."""
        if not self.folds:
            own = self.recordings.split(split)
            return tuple(clip for clip in own if clip.label is not None or split == "test")
        return self._fold_parts()[split]

    def _fold_parts(self) -> dict[Split, tuple[ClipInfo, ...]]:
        fold = self.fold or 0
        if not 0 <= fold < self.folds:
            raise KinesicsError(f"data.fold: expected 0 to {self.folds - 1}, found {fold}")
        labelled = [clip for clip in self.recordings.clips if clip.label is not None]
        parts = subject_folds(labelled, 2 * self.folds)
        test = {2 * fold, 2 * fold + 1}
        held = (2 * fold + 2) % len(parts)
        split_of = {part: "test" if part in test else "val" if part == held else "train" for part in range(len(parts))}
        return {
            split: tuple(clip for part, of in split_of.items() if of == split for clip in parts[part])
            for split in ("train", "val", "test")
        }

    def prepare_data(self) -> None:
        """Computes all tokens, once; interrupted, it goes on where it stopped."""
        with progress_bar("Reading skeletons") as progress:
            self.recordings.keep_skeletons(progress)
        titles = {"face": "Looking at faces", "context": "Encoding videos", "gestures": "Finding micro-gestures"}
        for name in self.cached:
            with progress_bar(titles[name]) as progress:
                self._stream(name, (), progress)

    def setup(self, stage: str | None = None) -> None:
        self.recordings.keep_skeletons()
        if not self.clips("train"):
            raise KinesicsError(f"{self.recordings.folder}: expected training videos with an emotion, found none")

    @property
    def cached(self) -> tuple[str, ...]:
        """The streams whose tokens are computed once."""
        return tuple(name for name in self.streams if name == "gestures" or not self.pictures)

    def _stream(self, name: str, clips: tuple[ClipInfo, ...], progress: Progress | None = None) -> StreamCache:
        if name == "face":
            assert self.face is not None
            return cache_faces(self.recordings, self.face, clips, rate=self.face_rate, progress=progress)
        if name == "context":
            assert self.video is not None
            return cache_context(self.recordings, self.video, clips, window=self.window, progress=progress)
        if self.gestures == "labels":
            return labelled_gestures(self.recordings, clips)
        weights = DEFAULT if self.gestures == "detected" else Path(self.gestures)
        return cache_gestures(self.recordings, clips, weights=weights, progress=progress)

    def windows(self, split: Split) -> EmotionVideos:
        """The split's recordings as batches are made of them, made once."""
        if split not in self._windows:
            clips = self.clips(split)
            streams = {name: self._stream(name, clips) for name in self.cached}
            augment = self.augment if split == "train" else None
            if self.pictures:
                self._windows[split] = EmotionPictures(clips, streams, augment, self.seed, self)
            else:
                self._windows[split] = EmotionVideos(clips, streams, augment, self.seed)
        return self._windows[split]

    def read_pictures(self, windows: Sequence[ClipInfo], start: float) -> Item:
        """Faces and clips of a recording's windows, decoded now; times count from `start`."""
        frames, size = (16, 112) if self.video is None else (self.video.frames, self.video.size)
        clips, faces, seconds = [], [], []
        for window in windows:
            read = read_clip(
                self.recordings,
                window,
                frames=frames,
                size=size,
                faces=self.face is not None,
                crop=self.face.crop if self.face else ARCFACE,
            )
            assert read.frames is not None
            assert read.times is not None
            if self.video is not None:
                clips.append(prepare_clip(read.frames, self.video))
            if self.face is not None and read.faces is not None and read.face_seen is not None:
                seen = np.flatnonzero(read.face_seen)
                rows = seen[np.linspace(0, len(seen) - 1, min(len(seen), FACES)).round().astype(int)]
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

    def train_dataloader(self) -> DataLoader[Any]:
        videos = self.windows("train")
        sampler: DistributedSampler[Any] = DistributedSampler(
            videos, 1, 0, seed=self.seed
        )  # depends on seed and epoch alone
        processes, rank = (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
        share = RankSampler(sampler, processes, rank)
        return self._loader("train", sampler=share, drop_last=len(share) > self.batch)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        return self._loader("val") if self.clips("val") else []

    def test_dataloader(self) -> DataLoader[Any]:
        return self._loader("test")

    def _loader(self, split: Split, **options: Any) -> DataLoader[Any]:
        return DataLoader(self.windows(split), self.batch, num_workers=self.workers, collate_fn=collate, **options)


def collate(items: Sequence[tuple[Item, int]]) -> Batch:
    """To one batch, padded to the longest: for each stream NAME_tokens (N, L, …), NAME_seconds and NAME_mask (N, L).

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
