"""Absurd claims and hostile archives are refused in a sentence, before room is made for them."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import resource
import struct
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from support import videos
from support.codings import eaf

from kinesics.data.annotations import read_codings
from kinesics.data.sets.archive import read_arrays
from kinesics.data.sets.clip_folder import ClipFolder, read_layout
from kinesics.data.sets.imigue.files import read_openpose_xlsx
from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions, check_submission
from kinesics.perception import observe
from kinesics.perception.openpose import read_openpose
from kinesics.reading import MOST_TEXT, check_archive, read_bytes, read_yaml, reading
from kinesics.skeleton import load_skeletons, make_layout
from kinesics.timeline.formats import boris, elan, kinesics_json
from kinesics.video import probe
from kinesics.weights.exported import read_exported

ROOM = 1 << 30  # bytes beyond what the process has


@contextmanager
def little_room():
    """Whoever makes room for more than a gigabyte fails here."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def refused(read, path, match):
    with little_room(), pytest.raises(KinesicsError, match=match) as caught:
        read(path)
    assert str(path.name) in str(caught.value)
    assert "\n" not in str(caught.value)


def packed(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(shape, data=b"", descr="<f4"):
    """An array file that claims a shape."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def sheet(*cells, more=""):
    """A workbook of which one sheet has these cells, and the parts that all have."""
    rows = "".join(f'<row r="{place[1]}"><c r="{place[0]}{place[1]}"><v>1</v></c></row>' for place in cells)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    return {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{more}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "read"), [
    ("a.csv", read_codings), ("a.eaf", elan.read_codings), ("a.boris", boris.read_codings),
    ("a.json", kinesics_json.read), ("a_0_keypoints.json", lambda path: read_openpose(path.parent)),
    ("layout.json", read_layout), ("a.yaml", read_yaml), ("submission.csv", check_submission),
])  # fmt: skip
def test_endless_texts(tmp_path, name, read):
    with (tmp_path / name).open("wb") as file:
        file.truncate(MOST_TEXT + 1)  # takes no room on the disk
    refused(read, tmp_path / name, "more than 32 MB")


def test_a_device_is_not_read_for_ever():
    with little_room(), pytest.raises(ValueError, match="more than 32 MB"):
        read_bytes(Path("/dev/zero"))


def test_a_packed_project_that_unpacks_to_too_much(tmp_path):
    with gzip.open(tmp_path / "a.boris.gz", "wb") as file:
        for _ in range(MOST_TEXT // 1_000_000 + 1):
            file.write(bytes(1_000_000))
    assert (tmp_path / "a.boris.gz").stat().st_size < 100_000
    refused(read_codings, tmp_path / "a.boris.gz", "more than 32 MB")


def test_deeply_nested_texts(tmp_path):
    for name, text, read in (
        ("a.json", "[" * 100_000, kinesics_json.read),
        ("a.eaf", "<a>" * 200_000, elan.read_codings),
        ("a.yaml", "[" * 20_000, read_yaml),
    ):
        (tmp_path / name).write_text(text)
        refused(read, tmp_path / name, "expected")


def test_tables_of_too_many_lines(tmp_path):
    (tmp_path / "a.csv").write_text("a\n" * 1_100_000)
    refused(read_codings, tmp_path / "a.csv", "more than 1,048,576 lines")


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────────────────

LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_elan(tmp_path, encoding):
    eaf(tmp_path / "a.eaf", [], [])
    text = (tmp_path / "a.eaf").read_text().replace("<HEADER", "<HEADER AUTHOR='&i;'", 1)
    for declared in (LAUGHS, "<!DOCTYPE x [<!ENTITY i SYSTEM 'file:///etc/passwd'>]>"):
        (tmp_path / "a.eaf").write_bytes((declared + text).encode(encoding))
        refused(elan.read_codings, tmp_path / "a.eaf", "entities")


def test_entities_in_workbooks(tmp_path):
    refused(read_codings, packed(tmp_path / "a.xlsx", sheet(("A", 1), more=LAUGHS)), "entities")


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_workbooks_that_claim_too_much(tmp_path):
    far = packed(tmp_path / "far.xlsx", sheet(("A", 1), ("XFD", 1048576)))
    refused(read_codings, far, "1,048,576 rows and 16,384 columns")
    refused(read_openpose_xlsx, far, "1,048,576 rows and 16,384 columns")
    bomb = sheet(("A", 1)) | {"xl/media/x.xml": bytes(100_000_000)}
    refused(read_codings, packed(tmp_path / "bomb.xlsx", bomb), "unpacks to 100 MB")
    long = "<si><t>" + "a" * 30_000 + "</t></si>"
    many = "<row>" + '<c t="s"><v>0</v></c>' * 20_000 + "</row>"
    texts = sheet(("A", 1)) | {"xl/sharedStrings.xml": f"<sst>{long}</sst>", "xl/worksheets/sheet2.xml": many}
    refused(read_codings, packed(tmp_path / "texts.xlsx", texts, zipfile.ZIP_STORED), "a long text in too many cells")
    repeated = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" ' * 2
    cells = f'{repeated} table:number-columns-repeated="1000" office:value="1"/></table:table-row>'
    refused(read_codings, packed(tmp_path / "a.ods", {"content.xml": cells}), "repeated too often")


def test_arrays_that_claim_too_much(tmp_path):
    """10⁹ frames, 10⁹ joints, and zeros that unpack to gigabytes."""
    header = json.dumps({"format": "kinesics skeleton", "version": 1, "note": {}, "people": [{}]}).encode()
    for shape in ((10**9, 42, 3), (9, 10**9, 3), (-1, 3)):
        members = {"header.npy": npy((len(header),), header, "|u1"), "xyz_0.npy": npy(shape, bytes(100))}
        path = packed(tmp_path / "a.skeleton.npz", members)
        refused(observe, path, "an array that claims")
        refused(lambda one: read_arrays(one, "xyz_0"), path, "an array that claims")
        refused(Predictions.load, path, "an array that claims")
    bomb = packed(tmp_path / "bomb.skeleton.npz", {"xyz_0.npy": npy((10**8,), bytes(100_000_000))})
    refused(load_skeletons, bomb, "unpacks to 100 MB")


def test_a_clip_folders_array_that_claims_too_much(tmp_path):
    (tmp_path / "manifest.csv").write_text("clip,label,split,skeleton\nc,a,train,a.npy\n")
    (tmp_path / "classes.txt").write_text("a\n")
    joints = {"name": "robot", "joints": {"base": None, "claw": "base"}, "channels": "xyc", "fps": 25}
    (tmp_path / "layout.json").write_text(json.dumps(joints))
    (tmp_path / "a.npy").write_bytes(npy((10**9, 6), bytes(240)))
    data = ClipFolder(tmp_path)
    refused(lambda _: data.read_skeleton(data.clips[0]), tmp_path / "a.npy", "an array that claims")


class Runs:
    """Unpickled, it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickles_are_not_opened(tmp_path):
    done = tmp_path / "done"
    content = io.BytesIO()
    np.save(content, np.array([Runs(done)], object), allow_pickle=True)
    path = packed(tmp_path / "a.skeleton.npz", {"header.npy": content.getvalue()})
    refused(load_skeletons, path, "objects in place of numbers")
    refused(lambda one: read_arrays(one, "header"), path, "objects in place of numbers")
    (tmp_path / "b.skeleton.npz").write_bytes(pickle.dumps(Runs(done)))
    refused(load_skeletons, tmp_path / "b.skeleton.npz", "no array")
    assert not done.exists()


def test_checkpoints_are_not_unpickled(tmp_path):
    torch = pytest.importorskip("torch")
    from kinesics.training.trainer import initialise_from_run

    pytest.importorskip("lightning")
    torch.save({"state_dict": {"network.x": Runs(tmp_path / "done")}}, tmp_path / "last.ckpt")
    with pytest.raises(KinesicsError, match=r"last\.ckpt: expected a checkpoint of tensors"):
        initialise_from_run(tmp_path, lambda state: (None, state), "model.preset")
    assert not (tmp_path / "done").exists()


def test_names_and_links_that_lead_out_of_an_archive(tmp_path):
    link = zipfile.ZipInfo("model.xml")
    link.external_attr = 0o120777 << 16
    for name in ("../../etc/cron.d/x", "/etc/passwd", "a/../../b", "C:\\windows\\x", "\\\\host\\x", link):
        path = packed(tmp_path / "a.openvino", {})
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "/etc/passwd")
        with zipfile.ZipFile(path) as archive, pytest.raises(ValueError, match=r"leads out of|a link in"):
            check_archive(archive)
        refused(read_exported, path, r"leads out of|a link in")


def test_networks_that_unpack_to_too_much(tmp_path):
    members = {"model.xml": bytes(200_000_000), "model.bin": b"", "specification.json": "{}"}
    refused(read_exported, packed(tmp_path / "a.openvino", members), "unpacks to 200 MB")
    refused(check_submission, packed(tmp_path / "a.zip", {"Submission.csv": bytes(100_000_000)}), "unpacks to 100 MB")


# ── landmarks, videos, networks, configs ─────────────────────────────────────────────────────────────────────


def test_openpose_folders_that_claim_too_many_frames(tmp_path):
    (tmp_path / "a_000000999999_keypoints.json").write_text('{"people": []}')
    refused(read_openpose, tmp_path, "found 1 for 1,000,000")


def test_layouts_of_too_many_joints():
    with pytest.raises(ValueError, match="at most 1000 joints, found 100000"):
        make_layout("crowd", {str(number): None for number in range(100_000)})


def test_videos_that_claim_too_much(tmp_path):
    """A frame of four gigapixels, and more than a day with a frame an hour."""
    path = videos.write(tmp_path / "a.mp4", videos.steady(10))
    whole = path.read_bytes()
    place = whole.index(b"avc1") + 4 + 24  # width and height in the sample entry
    path.write_bytes(whole[:place] + struct.pack(">HH", 65_535, 65_535) + whole[place + 4 :])
    try:
        assert probe(path).width == 96, "the stream itself knows better"
    except KinesicsError as error:
        assert "expected frames of at most" in str(error)  # noqa: PT017 (either may be)
    late = videos.write(tmp_path / "b.mkv", [3500.0 * i for i in range(30)])
    refused(probe, late, "at most 24 h")


def test_weights_that_claim_too_much(tmp_path):
    pytest.importorskip("torch")
    from support.fuzz.readers import READERS

    from kinesics.weights.load import load_network

    (tmp_path / "seeds").mkdir()
    content = READERS["safetensors"].seeds(tmp_path / "seeds")["w.safetensors"]
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    described = json.loads(header["__metadata__"]["specification"])
    for config, match in (({"widths": [4, 10**9]}, r"w\.safetensors: expected"), ({"classes": 10**9}, "3 names")):
        described["config"] = described["config"] | {"classes": 3} | config
        header["__metadata__"]["specification"] = json.dumps(described)
        text = json.dumps(header).encode()
        path = tmp_path / "w.safetensors"
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
        with pytest.raises(KinesicsError, match=match):
            load_network(path)


@pytest.mark.parametrize(("text", "match"), [
    ("!!python/object/apply:os.system ['touch done']", "could not determine a constructor"),
    ("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
     "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]", "more than 10,000 values"),
    ("a: &a [*a]", "more than"),
    ("just a text", "another text"), ("", "no sections"), ("1: 2", "another text"), ("a: b: c", "mapping values"),
])  # fmt: skip
def test_yaml(tmp_path, monkeypatch, text, match):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(text)
    refused(read_yaml, tmp_path / "a.yaml", match)
    assert not (tmp_path / "done").exists()


def test_whatever_goes_wrong_becomes_one_sentence(tmp_path):
    path = tmp_path / "a"
    for error, found in (
        (ValueError("two\nlines"), "found two; mend it"), (KeyError("events"), "found no 'events'; mend it"),
        (MemoryError(), "found more than fits into memory"), (RuntimeError(), "found RuntimeError; mend it"),
    ):  # fmt: skip
        with pytest.raises(KinesicsError, match=found), reading(path, "a thing", "mend it"):
            raise error
    with pytest.raises(KinesicsError, match="no such file; expected a thing"), reading(path, "a thing", "mend it"):
        path.read_text()
