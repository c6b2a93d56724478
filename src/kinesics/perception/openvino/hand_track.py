"""Both hands of one person followed through a stretch of images at once, and searched for where they were lost.

A hand is looked for where the arm ends; from where it is found it is followed forward and backward into images in
which it was missed; and what is still missing is searched for by its palm around the face, where micro-gestures happen
and arms say little, and around the wrist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinesics.perception.openvino import hands, pose
from kinesics.perception.openvino.hands import Hands
from kinesics.perception.openvino.models import Models
from kinesics.perception.openvino.pose import Poses
from kinesics.perception.openvino.regions import ImagePart, Regions, apart, painted_over
from kinesics.skeleton.sequence import FloatArray

_ARM = 0.1  # visibility of a wrist from which a hand is looked for at the arm's end
_WRIST = 0.5  # and from which its place says whose hand that is
_FAR = 0.2  # between the region that was looked at and the hand's own (see `apart`)
_REACH = (0.12, 0.25)  # metres between a hand's wrist and the arm's, for a hand that looks like another side's, or not
_THEIRS = 0.15  # metres from the other arm's end, better seen, within which a hand is rather that arm's
_SIZES = (0.02, 0.20)  # metres from wrist to middle knuckle
_SAME = 0.4  # hand lengths between the points of one hand found twice, on average
_STEP = 0.15  # metres that a hand moves between two images at most, as a rule
_SIDE, _STAYS = 0.8, 1.5  # what the model's idea of the side counts, and where the hand was before
_SEARCH_EVERY = 4  # images
_FINGERS = 0.12  # metres from a wrist outside the image to fingers inside
_PATIENCE = 2  # stretches in which a search was in vain
_HEAD, _ARM_END = 3.0, (0.6, 1.2)  # sides of the squares in which palms are searched for: face widths, metres
_SURE = 0.8  # presence of a hand that was searched for; sofas and collars have more than half of it
_ROUND = 2.0  # sizes of a hand around it that are kept of an image in which it is painted over
_ODD = 0.2  # chance of the right side below which what is left of a hand is not another one
_TRUNK = (7, 8, 11, 12, 13, 14, 23, 24)
_FACE = slice(0, 11)


class Slot(NamedTuple):
    """A hand's place: the image's number and the side, 0 for left."""

    row: int
    side: int


@dataclass(eq=False)
class _Stretch:
    """The images, what is known of the body in them, and the hands found so far, (N, 2, …)."""

    views: Sequence[ImagePart]
    wrists: FloatArray  # (N, 2, 2) pixels
    visible: FloatArray  # (N, 2)
    scale: FloatArray  # (N,) metres a pixel
    points: FloatArray  # (N, 2, 21, 3)
    presence: FloatArray  # (N, 2)
    left: FloatArray  # (N, 2)

    def has(self, slot: Slot) -> bool:
        return bool(self.presence[slot] > 0)

    def put(self, slot: Slot, points: FloatArray, presence: float, left: float) -> None:
        self.points[slot], self.presence[slot], self.left[slot] = points, presence, left


class HandTrack:
    """Where one person's hands are."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._before: list[FloatArray | None] = [None, None]  # the hands of the last image
        self._in_vain = 0  # stretches

    def follow(self, views: Sequence[ImagePart], poses: Poses) -> Hands:
        """Left and right hand in each image, arrays (N, 2, …); the presence of a hand that is not seen is 0."""
        stretch = _stretch(views, poses)
        bodies = np.flatnonzero(poses.presence >= pose.PRESENT)
        if len(bodies):
            self._look_at_arms(stretch, poses, bodies)
            self._sort(stretch)
            self._chase(stretch, bodies)
            self._search(stretch, poses, bodies)
        for side in (0, 1):
            seen = stretch.presence[-1, side] > 0
            self._before[side] = stretch.points[-1, side].copy() if seen else None
        return Hands(stretch.points, stretch.presence, stretch.left)

    def _look_at_arms(self, stretch: _Stretch, poses: Poses, bodies: NDArray[np.int64]) -> None:
        slots = [Slot(int(i), side) for side in (0, 1) for i in bodies
                 if stretch.visible[i, side] >= _ARM and _inside(stretch, int(i), side)]  # fmt: skip
        if not slots:
            return
        arms = [hands.arm_regions(poses.points[[slot.row for slot in slots if slot.side == side]], side)
                for side in (0, 1)]  # fmt: skip
        views = [stretch.views[slot.row] for slot in slots]
        regions = hands.cropped_regions(views, np.concatenate(arms), self._models)
        found = self._look(views, regions)
        for k, slot in enumerate(slots):
            if found.presence[k] >= hands.PRESENT:
                stretch.put(slot, found.points[k], found.presence[k], found.left[k])

    def _look(self, views: Sequence[ImagePart], regions: Regions) -> Hands:
        """The hands in these regions; those that are clearly elsewhere are looked at again in their own region."""
        found = hands.look_at_hands(views, regions, self._models)
        own = found.regions()
        again = np.flatnonzero((apart(own, regions) > _FAR) & (found.presence >= hands.PRESENT))
        if len(again):
            better = hands.look_at_hands([views[int(i)] for i in again], own[again], self._models)
            for name, values in vars(better).items():
                getattr(found, name)[again] = values
        return found

    def _sort(self, stretch: _Stretch) -> None:
        """Each image's hands to the sides on which they fit best, with those of the image before in mind."""
        before = list(self._before)
        for row in range(len(stretch.views)):
            found = [
                (stretch.points[row, side].copy(), float(stretch.presence[row, side]), float(stretch.left[row, side]))
                for side in (0, 1) if stretch.presence[row, side] > 0
            ]  # fmt: skip
            stretch.presence[row] = 0
            costs = [[_cost(stretch, Slot(row, side), hand[0], hand[2], before[side]) for side in (0, 1)]
                     for hand in found]  # fmt: skip
            for hand, side in zip(found, _fitting(found, costs), strict=True):
                if side is not None:
                    stretch.put(Slot(row, side), *hand)
            for side in (0, 1):
                if stretch.presence[row, side] > 0:
                    before[side] = stretch.points[row, side].copy()

    def _chase(self, stretch: _Stretch, bodies: NDArray[np.int64]) -> None:
        """From each hand into the image before and after in which it was missed, as far as it is seen there."""
        tried: set[tuple[Slot, int]] = set()
        known = {int(i) for i in bodies}
        while True:
            steps = []
            for side in (0, 1):
                for row in known:
                    for step in (-1, 1):
                        slot = Slot(row, side)
                        if not stretch.has(slot) and (slot, step) not in tried:
                            start = self._neighbour(stretch, row + step, side)
                            if start is not None:
                                tried.add((slot, step))
                                steps.append((slot, start))
            if not steps:
                return
            regions = hands.hand_regions(np.stack([start for _, start in steps]))
            found = self._look([_alone(stretch, slot) for slot, _ in steps], regions)
            for k, (slot, start) in enumerate(steps):
                self._accept(stretch, slot, found, k, start)

    def _neighbour(self, stretch: _Stretch, row: int, side: int) -> FloatArray | None:
        """The hand of that image, which may be the last one of the stretch before."""
        if row == -1:
            return self._before[side]
        if not 0 <= row < len(stretch.views) or not stretch.has(Slot(row, side)):
            return None
        points: FloatArray = stretch.points[row, side]
        return points

    def _search(self, stretch: _Stretch, poses: Poses, bodies: NDArray[np.int64]) -> None:
        """Search for missing hands in some of the images, fewer where no arm says that there is one, long in vain."""
        arms = [
            stretch.presence[row, side] == 0 and stretch.visible[row, side] >= _WRIST and _inside(stretch, row, side)
            for row in bodies.tolist() for side in (0, 1)
        ]  # fmt: skip
        rows = bodies[:: _SEARCH_EVERY if self._in_vain < _PATIENCE or any(arms) else len(bodies)]
        missing = int((stretch.presence[bodies] == 0).sum())
        for search in (self._look_along_arms, self._look_for_palms):
            search(stretch, poses, rows)
            self._chase(stretch, bodies)
        found = int((stretch.presence[bodies] == 0).sum()) < missing
        self._in_vain = 0 if found or not missing else self._in_vain + 1

    def _look_along_arms(self, stretch: _Stretch, poses: Poses, rows: NDArray[np.int64]) -> None:
        """Look for missing hands where their own arm ends, with the other hand painted over.

        What crops hands out takes the nearer of two that touch for both of them.
        """
        slots = [Slot(int(row), side) for side in (0, 1) for row in rows if not stretch.has(Slot(int(row), side))
                 and stretch.visible[row, side] >= _WRIST]  # fmt: skip
        if not slots:
            return
        views = [_alone(stretch, slot) for slot in slots]
        arms, forearms = [], []
        for side in (0, 1):
            mine = [slot.row for slot in slots if slot.side == side]
            arms.append(hands.arm_regions(poses.points[mine], side))
            forearms.append(hands.forearm_regions(poses.points[mine], side, np.float32(1) / stretch.scale[mine]))
        cropped = hands.cropped_regions(views, np.concatenate(arms), self._models)
        found = hands.look_at_hands(views * 2, np.concatenate([cropped, *forearms]), self._models)
        for k, slot in enumerate(slots * 2):
            if (found.left[k], 1 - found.left[k])[slot.side] > _ODD:
                self._accept(stretch, slot, found, k, None)

    def _look_for_palms(self, stretch: _Stretch, poses: Poses, rows: NDArray[np.int64]) -> None:
        """Look for the palms of missing hands around head and wrists."""
        places = []
        for row in rows.tolist():
            missing = [side for side in (0, 1) if not stretch.has(Slot(row, side))]
            if missing:
                places.append((row, stretch.views[row], _around_head(poses.points[row])))
            for side in missing:
                if stretch.visible[row, side] >= _ARM and _inside(stretch, row, side):
                    view = _alone(stretch, Slot(row, side))
                    places += [(row, view, _around_wrist(stretch, row, side, size)) for size in _ARM_END]
        if not places:
            return
        palms = hands.detect_palms([view for _, view, _ in places], np.array([at for _, _, at in places]), self._models)
        found_in = [(row, view) for (row, view, _), regions in zip(places, palms, strict=True) for _ in regions]
        if found_in:
            found = self._look([view for _, view in found_in], np.concatenate(palms))
            for k, (row, _) in enumerate(found_in):
                self._place(stretch, row, found, k)

    def _place(self, stretch: _Stretch, row: int, found: Hands, k: int) -> None:
        """Give a hand that was searched for to the side that lacks one and that it fits."""
        free = [Slot(row, side) for side in (0, 1) if not stretch.has(Slot(row, side))]
        costs = {slot: _cost(stretch, slot, found.points[k], float(found.left[k]), None) for slot in free}
        if free:
            self._accept(stretch, min(costs, key=lambda slot: costs[slot]), found, k, None)

    def _accept(self, stretch: _Stretch, slot: Slot, found: Hands, k: int, before: FloatArray | None) -> None:
        """Take a hand that was looked for if it is one, fits there, and is not the other one."""
        points, other = found.points[k], Slot(slot.row, 1 - slot.side)
        enough = _SURE if before is None else hands.PRESENT
        twice = stretch.has(other) and _same(points, stretch.points[other])
        fits = np.isfinite(_cost(stretch, slot, points, float(found.left[k]), before))
        if found.presence[k] >= enough and not stretch.has(slot) and fits and not twice:
            stretch.put(slot, points, float(found.presence[k]), float(found.left[k]))


def _stretch(views: Sequence[ImagePart], poses: Poses) -> _Stretch:
    count = len(views)
    wrists = poses.points[:, hands.WRISTS, :2]
    return _Stretch(
        views, wrists, poses.visibility[:, hands.WRISTS], _scale(poses),
        np.zeros((count, 2, hands.POINTS, 3), np.float32), np.zeros((count, 2), np.float32),
        np.zeros((count, 2), np.float32),
    )  # fmt: skip


def _alone(stretch: _Stretch, slot: Slot) -> ImagePart:
    """The image; the other hand is painted over with what is around it if it is near."""
    view, other = stretch.views[slot.row], Slot(slot.row, 1 - slot.side)
    if not stretch.has(other):
        return view
    points = stretch.points[other][:, :2]
    reach = float(np.ptp(points, axis=0).max())
    if np.abs(stretch.wrists[slot] - points.mean(0)).max() > 2 * reach:
        return view
    low = np.maximum(points.min(0) - (view.left, view.top) - _ROUND * reach, 0).astype(int)
    high = (points.max(0) - (view.left, view.top) + _ROUND * reach).astype(int)
    image = view.image.copy()
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size:
        part[:] = painted_over(part, points - np.array([view.left, view.top]) - low)
    return ImagePart(image, view.left, view.top)


def _scale(poses: Poses) -> FloatArray:
    """(N,) metres a pixel by the trunk."""
    pixels, metres = (points[:, _TRUNK, :2] - points[:, _TRUNK, :2].mean(1, keepdims=True)
                      for points in (poses.points, poses.world))  # fmt: skip
    scale: FloatArray = (pixels * metres).sum((1, 2)) / np.maximum((pixels * pixels).sum((1, 2)), 1e-6)
    return np.maximum(scale, 1e-6)


def _cost(stretch: _Stretch, slot: Slot, points: FloatArray, left: float, before: FloatArray | None) -> float:
    """How badly a hand fits a side; infinite for one of another size, or far from an arm that is seen."""
    scale, likely = float(stretch.scale[slot.row]), left if slot.side == 0 else 1 - left
    if not _SIZES[0] < _length(points) * scale < _SIZES[1]:
        return np.inf
    cost = _SIDE * (1 - likely)
    if stretch.visible[slot] >= _WRIST:
        reach = _REACH[0] + (_REACH[1] - _REACH[0]) * likely
        away = float(np.hypot(*(points[0, :2] - stretch.wrists[slot]))) * scale / reach
        cost += away if away < 1 else np.inf
    other = Slot(slot.row, 1 - slot.side)
    if stretch.visible[other] >= max(_WRIST, float(stretch.visible[slot])):
        away = float(np.hypot(*(points[0, :2] - stretch.wrists[other]))) * scale / _THEIRS
        cost += max(0.0, 1 - away)
    if before is None:
        return cost + _STAYS / 2
    moved = float(np.linalg.norm(points[:, :2].mean(0) - before[:, :2].mean(0))) * scale
    return cost + min(moved / _STEP, _STAYS)


def _fitting(found: list[tuple[FloatArray, float, float]], costs: list[list[float]]) -> list[int | None]:
    """The side of each of up to two hands, None for those that fit nowhere or were found twice."""
    best = [int(np.argmin(cost)) if np.isfinite(cost).any() else None for cost in costs]
    if len(found) < 2:
        return list(best)
    if _same(found[0][0], found[1][0]):
        keep = min((0, 1), key=lambda k: min(costs[k]))
        return [best[k] if k == keep else None for k in (0, 1)]
    straight, crossed = (_total(costs[0][a], costs[1][1 - a]) for a in (0, 1))
    return _kept(costs, 0 if straight <= crossed else 1)


def _total(first: float, second: float) -> float:
    """Two fitting hands are better than one, and one better than none."""
    return sum(min(cost, 10.0) for cost in (first, second))


def _kept(costs: list[list[float]], side: int) -> list[int | None]:
    sides = (side, 1 - side)
    return [sides[k] if np.isfinite(costs[k][sides[k]]) else None for k in (0, 1)]


def _same(points: FloatArray, others: FloatArray) -> bool:
    apart_by = float(np.linalg.norm((points - others)[:, :2], axis=-1).mean())
    return apart_by < _SAME * max(_length(points), _length(others))


def _length(points: FloatArray) -> float:
    return float(np.linalg.norm(points[9] - points[0]))


def _inside(stretch: _Stretch, row: int, side: int) -> bool:
    """Whether the arm ends where a hand may be seen, or its fingers."""
    image = stretch.views[row]
    x, y = stretch.wrists[row, side] - (image.left, image.top)
    height, width = image.image.shape[:2]
    beyond = max(-x, x - width, -y, y - height) * float(stretch.scale[row])
    return bool(beyond < _FINGERS)


def _around_head(points: FloatArray) -> NDArray[np.float64]:
    """The square around a pose's (35, 3) head and what is near it."""
    face = points[_FACE, :2].astype(np.float64)
    middle = face.mean(0)
    width = max(np.ptp(face[:, 0]), np.ptp(face[:, 1]), 1.0)
    return np.array([*middle, _HEAD * width, 0.0])


def _around_wrist(stretch: _Stretch, row: int, side: int, metres: float) -> NDArray[np.float64]:
    x, y = stretch.wrists[row, side].astype(np.float64)
    return np.array([x, y, metres / float(stretch.scale[row]), 0.0])
