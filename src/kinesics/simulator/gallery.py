"""The docs' images of the classes: `python -m kinesics.simulator.gallery docs` writes them again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image

from kinesics.data.sets.imigue.classes import CLASSES, GROUPS
from kinesics.simulator.motion.programs import WAYS, perform
from kinesics.simulator.person.appearance import Light, random_appearance
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.video import Image

_SIZE = (240, 200)
_FPS = 25.0
_EACH = 3  # every third frame: 8 1/3 a second
_SPAN = 0.9, 2.9  # seconds between which the gesture lies
# the way that is shown, where it is not the first one, and the seed, where it is not 1
_SHOWN: dict[str, tuple[str, int]] = {
    "touching or scratching forehead": ("fingers rub it", 2),
    "touching or scratching facial parts": ("fingers round the mouth", 3),
    "touching or covering suprasternal notch": ("hand laid over it", 1),
    "rubbing or holding hands": ("palms rubbed", 3),
    "minaret gesture": ("before the chin", 2),
    "playing or manipulating objects": ("pen in one hand", 4),
    "pressing lips": ("rolled in", 3),
    "scratching back": ("over the other shoulder", 2),
    "shaking shoulders": ("both palms up", 1),
    "illustrative": ("open palms", 2),
}
# what to look for, in the words of the iMiGUE paper where it has them
_MEANING: dict[str, str] = {
    "turtle neck": "The head sinks between raised shoulders.",
    "bulging face or deep breath": "Cheeks blown up, or the chest rises in a deep breath.",
    "touching hat": "A hand at the brim or top of a cap.",
    "touching or scratching head": "Fingers or palm on the scalp: top, side, back, the temple's hairline.",
    "touching or scratching forehead": "Fingers or palm on the forehead.",
    "covering face": "One hand or both over eyes, nose and mouth.",
    "rubbing eyes": "Fingers or knuckles at an eye, or the nose's bridge pinched.",
    "touching or scratching facial parts": "Cheek, nose, mouth, lips: any part of the face that has no other class.",
    "touching ears": "Ear or lobe.",
    "biting nails": "Finger tips between lips or teeth.",
    "touching jaw": "Chin and jaw line; the fist under the chin.",
    "touching or scratching neck": "Front, side or nape.",
    "playing or adjusting hair": "Fingers in the hair, a strand, a ponytail, hair put behind the ear.",
    "adjusting collar or tie": "Fingers at button, collar or tie.",
    "touching or covering suprasternal notch": "A hand on the dimple below the throat and the upper breastbone.",
    "scratching back": "Over the shoulder or round the waist; a hand laid on the other shoulder.",
    "folding arms": "Forearms crossed before the chest.",
    "dusting off clothes": "Brushing, smoothing or tugging at shirt, sleeve or trousers.",
    "putting arms behind body": "Both hands behind the back or the chair.",
    "moving torso": "The trunk leans, sways, turns, shifts in the seat.",
    "sitting straightly": "From slouched to upright.",
    "scratching or touching arms": "A hand on the other forearm, elbow or upper arm, rubbing or resting.",
    "rubbing or holding hands": "Palms rubbed, or one hand holds the other without interlaced fingers.",
    "crossing fingers": "Fingers of both hands interlaced.",
    "minaret gesture": "Finger tips together, pointing up.",
    "playing or manipulating objects": "Bottle, cap, pen, microphone, ring, phone.",
    "hold back arms": "Arms that were going to gesture or reach are held back or drawn in.",
    "head up": "The chin raised, looking up.",
    "pressing lips": "Lips pressed together, rolled in or bitten.",
    "arms akimbo": "Hand on the hip, elbow out, one or both.",
    "shaking shoulders": "One or both shoulders raised and dropped, a shrug.",
    "illustrative": "Hands that go with speech; not a micro-gesture.",
}


def gesture_frames(label: int) -> list[Image]:
    """Frames (200, 240, 3) of the gesture of this index, from a little before it to a little after."""
    way, seed = _SHOWN.get(CLASSES[label], (next(iter(WAYS[CLASSES[label]])), 1))
    motion = None
    while motion is None or motion.turned:  # from in front
        rng = np.random.default_rng((seed, label))
        motion = perform(label, rng, duration=4.0, fps=_FPS, way=way, span=_SPAN)
        seed += 100
    camera = portrait_camera(motion, rng, _SIZE[0] / _SIZE[1])
    first, last = max(0, round((motion.onset - 0.5) * _FPS)), round((motion.offset + 0.5) * _FPS)
    appearance = replace(random_appearance(rng, motion.shape), grain=0.0, pan=0.0, zoom=1.0, light=Light())
    appearance = replace(appearance, cap=None, microphone=None, bottle=None)
    return list(render_motion(motion, camera, dressed_for(motion, appearance), _SIZE, rows=slice(first, last, _EACH)))


def write_gallery(docs: Path, labels: Sequence[int] = range(len(CLASSES))) -> None:
    """Write docs/gestures.md and one small animated image a class under docs/images/gestures."""
    folder = docs / "images" / "gestures"
    folder.mkdir(parents=True, exist_ok=True)
    for label in labels:
        _write_gif(folder / f"{label:02}.gif", gesture_frames(label))
    (docs / "gestures.md").write_text(_page(), encoding="utf-8")


def _write_gif(path: Path, frames: list[Image]) -> None:
    """One palette for all frames, so that only what moves is stored."""
    strip = PIL.Image.fromarray(np.concatenate(frames[:: max(1, len(frames) // 6)]))
    palette = strip.quantize(128, kmeans=1)
    images = [PIL.Image.fromarray(frame).quantize(palette=palette, dither=PIL.Image.Dither.NONE) for frame in frames]
    duration = round(1000 * _EACH / _FPS)
    images[0].save(path, save_all=True, append_images=images[1:], duration=duration, loop=0, optimize=True)


def _page() -> str:
    lines = [
        "# The 32 gestures",
        "",
        "The classes of iMiGUE (Liu et al., CVPR 2021), by the names and meanings of its paper, as Kinesics' simulated",
        "people make them. Every seed is another person, and another way to do it:",
        '`kinesics simulate --class "touching ears" --seed 7 --out clip.gif`. Short names will do, and those of',
        "earlier versions are still understood. This page is written by",
        "`python -m kinesics.simulator.gallery docs`.",
    ]
    for group, labels in GROUPS.items():
        cells = [
            f"![{CLASSES[label]}](images/gestures/{label:02}.gif)<br>**{label} {CLASSES[label]}**<br>"
            f"{_MEANING[CLASSES[label]]} {_ways(CLASSES[label])}"
            for label in labels
        ]
        lines += ["", f"## {group.capitalize()}", "", "| | | | |", "|---|---|---|---|"]
        rows = [cells[i : i + 4] for i in range(0, len(cells), 4)]
        lines += ["| " + " | ".join(row + [""] * (4 - len(row))) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _ways(name: str) -> str:
    """The ways in which it is simulated, where there are several."""
    ways = list(WAYS[name])
    return f"*Simulated as: {'; '.join(ways)}.*" if len(ways) > 1 else ""


if __name__ == "__main__":
    write_gallery(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
