"""A layout that Kinesics does not know, and clip folders of it."""

import json

from kinesics.skeleton import make_layout

CRAB = make_layout("crab", {"shell": None, "left_claw": "shell", "right_claw": "shell", "left_eye": "shell"})
HEADER = "clip,label,split,subject,video,start,end,skeleton"
TREE = {
    joint: None if parent < 0 else CRAB.joints[parent] for joint, parent in zip(CRAB.joints, CRAB.parents, strict=True)
}
PAIRS = [[CRAB.joints[left], CRAB.joints[right]] for left, right in CRAB.pairs]


def make(folder, *rows, header=HEADER, layout=None):
    folder.mkdir(exist_ok=True)
    (folder / "manifest.csv").write_text("\n".join([header, *rows]) + "\n")
    (folder / "classes.txt").write_text("snap\nwalk\n\n")
    if layout is not None:
        (folder / "layout.json").write_text(json.dumps(layout))
    return folder
