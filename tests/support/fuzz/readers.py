"""`READERS`: every kind of file that people bring, small real ones of it, and what reads them."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

Seeds = dict[str, bytes]  # by file name


@dataclass(frozen=True)
class Reader:
    """One kind of input.

    seeds: makes small real files in an empty folder. read: what the library makes of such a file. command: of the
    command line, `{}` for the file, `{out}` for a folder to write to.
    """

    seeds: Callable[[Path], Seeds]
    read: Callable[[Path], object]
    command: tuple[str, ...]


def contents(folder: Path) -> Seeds:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# ── video ────────────────────────────────────────────────────────────────────────────────────────────────────


def _videos(folder: Path) -> Seeds:
    from kinesics.video import write_video
    from support import videos

    for suffix in (".mp4", ".mkv", ".ts", ".avi", ".webm"):
        videos.write(folder / f"video{suffix}", videos.steady(12), gop=4)
    write_video(folder / "video.gif", (videos.picture(i, 32, 32) for i in range(6)), 10)
    return contents(folder)


def _read_video(path: Path) -> object:
    """Its facts, all frames as they are and on a steady clock, and a few single ones."""
    from kinesics.video import lacks_bytes, probe, read_frames, read_frames_at

    info = probe(path)
    lacks_bytes(path)
    count = sum(1 for _ in read_frames(path, max_side=64))
    for number, _ in enumerate(read_frames(path, fps=12.5, max_side=64)):
        if number > 2000:  # of a gap of hours every frame is the same
            break
    middle = info.duration / 2
    return count, [frame.time for frame in read_frames_at(path, [0.0, middle], [64, 64])]


# ── landmarks ────────────────────────────────────────────────────────────────────────────────────────────────


def _person(shift: float) -> dict[str, list[float]]:
    body = [[100.0 + 7 * i + shift, 80.0 + 5 * i, 0.9] for i in range(25)]
    hand = [[50.0 + i, 60.0 + i, 0.5] for i in range(21)]
    face = [[90.0 + i, 30.0 + i, 0.7] for i in range(70)]
    parts = {"pose": body, "face": face, "hand_left": hand, "hand_right": hand}
    return {f"{name}_keypoints_2d": [number for point in points for number in point] for name, points in parts.items()}


def _openpose(folder: Path) -> Seeds:
    full = {"version": 1.3, "people": [_person(0.0), _person(400.0)]}
    coco = {"people": [{"pose_keypoints_2d": _person(0.0)["pose_keypoints_2d"][:54]}]}
    return {
        "v_000000000003_keypoints.json": json.dumps(full).encode(),
        "v_000000000004_keypoints.json": json.dumps(coco).encode(),
        "v_000000000005_keypoints.json": json.dumps({"people": []}).encode(),
    }


def _read_openpose(path: Path) -> object:
    """The file among whole ones of the same recording."""
    from kinesics.perception import observe

    for number in range(3):
        beside = path.parent / f"v_{number:012d}_keypoints.json"
        if not beside.exists():
            beside.write_text(json.dumps({"people": [_person(float(number))]}))
    return observe(path.parent)


def _skeletons(folder: Path) -> Seeds:
    from kinesics.evaluation import Predictions
    from kinesics.skeleton import UPPER_BODY, SkeletonSequence, make_layout, save_skeletons

    rng = np.random.default_rng(0)

    def one(layout, number: int) -> SkeletonSequence:
        xyz = rng.normal(size=(9, len(layout), 3)).astype(np.float32)
        image_xy = rng.random((9, len(layout), 2), np.float32)
        return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), 12.5, layout, image_xy, person=number)

    own = make_layout("body_25", {"neck": None, "left_shoulder": "neck", "right_shoulder": "neck"})
    save_skeletons(folder / "a.skeleton.npz", [one(UPPER_BODY, 1), one(UPPER_BODY, 2)], {"video": "a.mp4"})
    save_skeletons(folder / "b.skeleton.npz", [one(own, 1)], None, {"actions_0": np.ones((9, 52), np.float32)})
    names = tuple("abc")
    Predictions(names, rng.normal(size=(3, 2)).astype(np.float32), np.arange(3) % 2, names, ("x", "y")).save(
        folder / "predictions_test.npz"
    )
    return contents(folder)


def _read_npz(path: Path) -> object:
    from kinesics.data.sets.archive import read_arrays
    from kinesics.evaluation import Predictions
    from kinesics.perception import observe
    from kinesics.skeleton import load_arrays, load_metadata

    if path.name.startswith("predictions"):
        return Predictions.load(path), read_arrays(path, "logits", "labels")
    return load_metadata(path), load_arrays(path), observe(path)


# ── codings and timelines ────────────────────────────────────────────────────────────────────────────────────

_ROWS = (
    ("video", "label", "start", "end", "subject", "person"),
    ("clip.mp4", "touch neck", "0.5", "1.5", "anna", "1"),
    ("clip.mp4", "fold arms, slowly", "00:00:02.0", "3.25", "", ""),
    ("other.mp4", "scratch", "1,5", "2,5", "bert", "2"),
)


def _tables(folder: Path) -> Seeds:
    comma = "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) + "\n" for row in _ROWS)
    german = "".join(";".join(row) + "\r\n" for row in _ROWS)
    tabular = (
        "Observation id,Media file name,Total length,Subject,Behavior,Behavior type,Time\n"
        "o,player #1:a.mp4,9,No focal subject,scratch,START,1.0\n"
        "o,player #1:a.mp4,9,No focal subject,scratch,STOP,2.0\n"
    )
    aggregated = (
        "Observation id,Source,Behavior,Behavior type,Start (s),Stop (s)\n"
        "o,player #1:a.mp4,scratch,STATE,1.0,2.5\no,player #1:a.mp4,nod,POINT,3,3\n"
    )
    return {
        "coding.csv": comma.encode(),
        "german.csv": german.encode("utf-16"),
        "tabular.csv": tabular.encode(),
        "aggregated.tsv": aggregated.replace(",", "\t").encode(),
        "timeline.csv": b"\xef\xbb\xbflabel,index,start,end,score,person\ntouch neck,3,0.500,1.500,0.9000,1\n",
        "manifest.csv": (
            b"clip,label,split,subject,video,start,end,skeleton,person\n"
            b"c1,a,train,s1,,0,1.0,a.skeleton.npz,1\nc2,b,test,s2,v.mp4,0.5,,,\n"
        ),
        "1_light_hand.csv": "".join(
            ",".join([str(frame), *("12.5" for _ in range(105))]) + "\n" for frame in range(4)
        ).encode(),
        "1_label.csv": b"1,0,9\n99,10,30\n",
        "train_label.csv": b"video_id,label\n0001,1\n0002,0\n",
    }


def _read_csv(path: Path) -> object:
    from kinesics.data.annotations import read_codings
    from kinesics.data.sets.clip_folder import ClipFolder
    from kinesics.data.sets.imigue import files
    from kinesics.timeline.formats import table

    if path.name == "manifest.csv":
        (path.parent / "classes.txt").write_text("a\nb\n")
        return ClipFolder(path.parent).clips
    own = {
        "timeline.csv": table.read,
        "1_light_hand.csv": files.read_light_hand,
        "1_label.csv": files.read_labels,
        "train_label.csv": files.read_emotions,
    }
    return own.get(path.name, read_codings)(path)


def _workbooks(folder: Path) -> Seeds:
    import xlsxwriter

    from kinesics.data.sets.imigue.files import write_openpose_xlsx

    with xlsxwriter.Workbook(str(folder / "coding.xlsx")) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(_ROWS):
            sheet.write_row(number, 0, [float(cell) if cell.replace(".", "").isdigit() else cell for cell in row])
    rng = np.random.default_rng(0)
    write_openpose_xlsx(folder / "1_openpose.xlsx", rng.random((3, 137, 3)).astype(np.float32))
    return contents(folder)


def _read_xlsx(path: Path) -> object:
    from kinesics.data.annotations import read_codings
    from kinesics.data.sets.imigue.files import read_openpose_xlsx

    return (read_openpose_xlsx if path.name.startswith("1_") else read_codings)(path)


def _timeline():
    from kinesics.timeline import Event, Timeline

    events = (Event("touch neck", 1, 0.5, 1.5, 0.9, 1), Event("touch neck", 1, 1.0, 2.5, 0.6, 1))
    return Timeline((*events, Event("fold arms", 0, 2.0, 3.0, 0.7, 2)), 6.0)


def _provenance():
    from kinesics.timeline.formats.common import Provenance

    return Provenance({"name": "v.mp4"}, {"name": "w"}, {}, ("fold arms", "touch neck"), Path("v.mp4"), 25.0)


def _elan(folder: Path) -> Seeds:
    from kinesics.timeline.formats import elan
    from support.codings import eaf

    elan.write(folder / "ours.eaf", _timeline(), _provenance())
    words = [("w1", ("t1", "t2"), "one"), ("w2", ("t2", "t3"), "two")]
    tiers = [("gesture", "none", "", [("a1", ("t1", "t3"), "1")]), ("word", "Time_Subdivision", "gesture", words)]
    tiers.append(("name", "Symbolic_Association", "gesture", [("b1", "a1", "touch neck")]))
    eaf(folder / "theirs.eaf", tiers, [("t1", 0), ("t2", None), ("t3", 2000)])
    return contents(folder)


def _read_elan(path: Path) -> object:
    from kinesics.timeline.formats import elan

    return elan.read_codings(path), elan.read(path)


def _boris(folder: Path) -> Seeds:
    from kinesics.timeline.formats import boris
    from support.codings import observation, project

    boris.write(folder / "ours.boris", _timeline(), _provenance())
    events = (1.0, "scratch"), (2.0, "scratch"), (3.0, "nod", "left", "anna"), (4.0, "nod", "left", "anna")
    queue = observation(*events, files=("a.mp4", "b.mp4"))
    project(folder / "theirs.boris", {"o": observation(*events), "q": queue})
    (folder / "packed.boris.gz").write_bytes(gzip.compress((folder / "theirs.boris").read_bytes()))
    return contents(folder)


def _read_boris(path: Path) -> object:
    from kinesics.errors import KinesicsError
    from kinesics.timeline.formats import boris

    found = boris.read_codings(path)
    try:
        return found, boris.read(path)
    except KinesicsError:
        if len(found.codings) == 1:
            raise
        return found  # a project of several observations is no timeline


def _via(folder: Path) -> Seeds:
    attribute = {"1": {"aname": "gesture", "type": 4, "options": {"0": "neck", "1": "fold"}}}
    marks = {"1_a": {"vid": "1", "z": [1.5, 2.5], "xy": [], "av": {"1": "0"}}}
    marks["1_b"] = {"vid": "1", "z": [3.0], "xy": [2, 1, 1, 5, 5], "av": {"1": "0,1"}}
    project = {"attribute": attribute, "file": {"1": {"fname": "v.mp4", "src": ""}}, "metadata": marks}
    (folder / "v.json").write_text(json.dumps(project | {"view": {"1": {"fid_list": ["1"]}}}))
    return contents(folder)


def _read_via(path: Path) -> object:
    from kinesics.timeline.formats import via

    return via.read_codings(path)


def _datavyu(folder: Path) -> Seeds:
    cells = "00:00:01:500,00:00:02:750,(neck,left)\n00:00:03:000,00:00:04:000,(fold\\, low,)"
    with zipfile.ZipFile(folder / "v.opf", "w") as archive:
        archive.writestr("db", f"#4\nhand (MATRIX,true,)-kind|NOMINAL,side|NOMINAL\n{cells}\n")
        archive.writestr("project", "!project\nviewerSettings:\n  - !vs\n    feed: /v.mp4\n")
    return contents(folder)


def _read_datavyu(path: Path) -> object:
    from kinesics.timeline.formats import datavyu

    return datavyu.read_codings(path)


def _json(folder: Path) -> Seeds:
    from kinesics.timeline.formats import kinesics_json

    kinesics_json.write(folder / "timeline.json", _timeline(), _provenance())
    layout = {"name": "robot", "joints": {"base": None, "claw": "base"}, "pairs": [], "channels": "xyc", "fps": 25}
    return contents(folder) | {"layout.json": json.dumps(layout).encode()}


def _read_json(path: Path) -> object:
    from kinesics.data.sets.clip_folder import read_layout
    from kinesics.timeline.formats import kinesics_json

    return (read_layout if path.name == "layout.json" else kinesics_json.read)(path)


# ── networks ─────────────────────────────────────────────────────────────────────────────────────────────────


def _weights(folder: Path) -> Seeds:
    import torch

    from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
    from kinesics.skeleton import UPPER_BODY
    from kinesics.weights.load import save_weights
    from kinesics.weights.specification import NONE, Specification

    torch.manual_seed(0)
    config = AGCNConfig(classes=3, channels=4, persons=1, widths=(4, 8), strides=(1, 2))
    words = "joints-v1", "", "", ""
    described = Specification(
        "t", "two_stream_agcn", asdict(config), ("a", "b", NONE), *words, "upper_body", 12.5, 32, temperature=2.0
    )
    save_weights(folder / "w.safetensors", TwoStreamAGCN(UPPER_BODY, config).eval(), described)
    return contents(folder)


def _exported(runtime: str) -> Callable[[Path], Seeds]:
    def make(folder: Path) -> Seeds:
        from kinesics.deploy.export import export

        _weights(folder)
        export(folder / f"w.{runtime}", runtime, weights=folder / "w.safetensors")
        return {f"w.{runtime}": (folder / f"w.{runtime}").read_bytes()}

    return make


def _read_weights(path: Path) -> object:
    """Open it as `analyze` does, and classify a person with it."""
    from kinesics.inference.scorer import open_scorer
    from kinesics.perception import Observation

    scorer = open_scorer(path)
    person = _somebody()
    return scorer.classify(person, Observation((person,), None))


def _somebody():
    from kinesics.skeleton import UPPER_BODY, SkeletonSequence

    xyz = np.random.default_rng(0).normal(size=(40, len(UPPER_BODY), 3)).astype(np.float32)
    return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), 12.5, UPPER_BODY, person=1)


# ── configs ──────────────────────────────────────────────────────────────────────────────────────────────────


def _configs(folder: Path) -> Seeds:
    from kinesics.training.reproduce import CONFIGS

    text = (CONFIGS / "gesture" / "tiny" / "1-skeleton.yaml").read_text("utf-8")
    named = "task:\n  model: kinesics.training.gesture.task.GestureTask\n" + (
        "  data: kinesics.training.gesture.data.GestureData\n"
    )
    return {"plain.yaml": text.encode(), "named.yaml": (named + text.replace("auto  #", "cpu  #")).encode()}


def _read_config(path: Path) -> object:
    """Up to the point where training would begin."""
    from kinesics.training.run import assemble

    data = clip_folder(path.parent / "data")
    return assemble(path, path.parent / "run", [f"--data.root={data}", "--trainer.accelerator=cpu"])


def save_person(path: Path) -> Path:
    from kinesics.skeleton import save_skeletons

    if not path.exists():
        save_skeletons(path, [_somebody()])
    return path


def clip_folder(folder: Path) -> Path:
    """Six clips of one person, in three splits and two classes."""
    folder.mkdir(exist_ok=True)
    if not (folder / "manifest.csv").exists():
        save_person(folder / "a.skeleton.npz")
        rows = [f"c{i},{'ab'[i % 2]},{split},a.skeleton.npz" for i, split in enumerate(["train", "test", "val"] * 2)]
        (folder / "manifest.csv").write_text("\n".join(["clip,label,split,skeleton", *rows, ""]))
        (folder / "classes.txt").write_text("a\nb\n")
    return folder


_PREPARE = ("data", "prepare", "{videos}", "--labels", "{}", "--out", "{out}")

READERS: dict[str, Reader] = {
    "video": Reader(_videos, _read_video, ("classify", "{}")),
    "openpose": Reader(_openpose, _read_openpose, ("classify", "{folder}")),
    "npz": Reader(_skeletons, _read_npz, ("classify", "{}")),
    "csv": Reader(_tables, _read_csv, _PREPARE),
    "xlsx": Reader(_workbooks, _read_xlsx, _PREPARE),
    "eaf": Reader(_elan, _read_elan, _PREPARE),
    "boris": Reader(_boris, _read_boris, _PREPARE),
    "via": Reader(_via, _read_via, _PREPARE),
    "opf": Reader(_datavyu, _read_datavyu, _PREPARE),
    "json": Reader(_json, _read_json, ("submit", "{}", "--out", "{out}")),
    "safetensors": Reader(_weights, _read_weights, ("classify", "{person}", "--weights", "{}")),
    "onnx": Reader(_exported("onnx"), _read_weights, ("classify", "{person}", "--weights", "{}")),
    "openvino": Reader(_exported("openvino"), _read_weights, ("classify", "{person}", "--weights", "{}")),
    "yaml": Reader(_configs, _read_config, ("train", "--config", "{}", "--data", "{data}", "--out", "{out}")),
}
