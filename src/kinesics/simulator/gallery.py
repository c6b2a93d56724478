"""The docs' images of the classes: `python -m kinesics.simulator.gallery docs` writes them again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import PIL.Image

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.motion.programs import perform
from kinesics.simulator.person.appearance import random_appearance
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.video import Image

_SIZE = (240, 200)
_FPS = 25.0
_EACH = 3  # every third frame: 8 1/3 a second
# seeds whose way of doing it shows best from the front; the others take the first
_SEEDS = {
    "scratching back": 4,
    "scratching or touching arms": 3,
    "playing or manipulating objects": 2,
    "illustrative": 5,
}
# what to look for, in the words of the iMiGUE paper's table where it has them
_MEANING: dict[str, str] = {
    "turtle neck": "The head sinks between raised shoulders.",
    "bulging face or deep breath": "Chest and shoulders rise; the cheeks are puffed and let go.",
    "touching hat": "A hand at the brim or the top of the head.",
    "touching or scratching head": "Palm or fingers on the cheek.",
    "touching or scratching forehead": "Fingers on the forehead.",
    "covering face": "One or both palms over the face.",
    "rubbing eyes": "Fingers rub an eye, or both.",
    "touching or scratching facial parts": "Nose, mouth, lips or temple.",
    "touching ears": "Fingers at an ear.",
    "biting nails": "Finger tips between the lips.",
    "touching jaw": "Fingers at the chin.",
    "touching or scratching neck": "A hand at the front, side or back of the neck.",
    "playing or adjusting hair": "Fingers in the hair.",
    "adjusting collar or tie": "Fingers at the knot below the throat.",
    "touching or covering suprasternal notch": "A hand on the chest.",
    "scratching back": "A hand reaches over the shoulder or behind the back.",
    "folding arms": "Forearms crossed on the chest.",
    "dusting off clothes": "One hand pulls at the other arm's sleeve.",
    "putting arms behind body": "Both arms behind the back.",
    "moving torso": "The trunk leans, sways or turns.",
    "sitting straightly": "From slouched to upright.",
    "scratching or touching arms": "Fingers rub the other arm.",
    "rubbing or holding hands": "Palms rub each other.",
    "crossing fingers": "Fingers interlaced.",
    "minaret gesture": "Fingertips together, pointing up.",
    "playing or manipulating objects": "Something small turned between the fingers.",
    "hold back arms": "Arms on the table are pulled back towards the body.",
    "head up": "The chin is raised.",
    "pressing lips": "The lower lip rolled in or pressed.",
    "arms akimbo": "Hands on the hips, elbows out.",
    "shaking shoulders": "One or both shoulders go up and down.",
    "illustrative": "Hands that go with speech; not a micro-gesture.",
}


def gesture_frames(label: int, seed: int) -> list[Image]:
    """Frames (200, 240, 3) of the gesture of this index, from a little before it to a little after."""
    rng = np.random.default_rng((seed, label))
    motion = perform(label, rng, duration=4.0, fps=_FPS)
    camera = portrait_camera(motion, rng, _SIZE[0] / _SIZE[1])
    first, last = max(0, round((motion.onset - 0.5) * _FPS)), round((motion.offset + 0.5) * _FPS)
    return list(
        render_motion(motion, camera, dressed_for(label, random_appearance(rng)), _SIZE, rows=slice(first, last, _EACH))
    )


def write_gallery(docs: Path) -> None:
    """Write docs/gestures.md and one small animated image a class under docs/images/gestures."""
    folder = docs / "images" / "gestures"
    folder.mkdir(parents=True, exist_ok=True)
    for label, name in enumerate(CLASSES):
        _write_gif(folder / f"{label:02}.gif", gesture_frames(label, _SEEDS.get(name, 1)))
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
        "The classes of iMiGUE (Liu et al., CVPR 2021) as Kinesics' simulated people make them. Every seed is another",
        'person, and another way to do it: `kinesics simulate --class "touching ears" --seed 7 --out clip.gif`.',
        "This page is written by `python -m kinesics.simulator.gallery docs`.",
        "",
        "| | | | |",
        "|---|---|---|---|",
    ]
    cells = [
        f"![{name}](images/gestures/{label:02}.gif)<br>**{label} {name}**<br>{_MEANING[name]}"
        for label, name in enumerate(CLASSES)
    ]
    lines += ["| " + " | ".join(cells[i : i + 4]) + " |" for i in range(0, len(cells), 4)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_gallery(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
