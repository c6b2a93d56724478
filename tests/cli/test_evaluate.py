"""From kept predictions to figures, a page, a combination and a file to hand in, through the command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.evaluation import EMOTION, Predictions

CHROMIUM = Path("/usr/bin/chromium")


def write_run(folder, seed, signal=2.0, classes=CLASSES, count=320):
    folder.mkdir()
    for split, labels_seed in (("val", 0), ("test", 1)):
        labels = np.random.default_rng(labels_seed).integers(0, len(classes), count)
        logits = np.random.default_rng((seed, labels_seed)).standard_normal((count, len(classes)))
        logits[np.arange(count), labels] += signal
        ids = tuple(f"{i // 20:04d}_{i % 20}" for i in range(count))
        if classes == EMOTION:
            ids = tuple(f"{i:04d}" for i in range(count))
        kept = Predictions(ids, logits.astype(np.float32), labels, ("",) * count, classes)
        kept.save(folder / f"predictions_{split}.npz")
    return folder


def test_evaluate_tells_figures_and_writes_a_page(tmp_path, capsys):
    run = write_run(tmp_path / "run", 1)
    assert main(["evaluate", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((run / "evaluation.json").read_text())
    low, value, high = (told["figures"]["top1"][key] for key in ("low", "value", "high"))
    assert 0 < low < value < high < 1
    assert told["subjects"] == 16
    assert told["temperature"] is not None
    assert len(told["errors"]) == round((1 - value) * 320)
    assert main(["evaluate", str(run)]) == 0
    assert "Mean-class accuracy" in capsys.readouterr().out


def test_a_prior_carries_the_predictions(tmp_path, capsys):
    run = write_run(tmp_path / "run", 1)
    shares = tmp_path / "shares.json"
    shares.write_text(json.dumps({CLASSES[30]: 1}))
    assert main(["evaluate", str(run), "--json", "--prior", str(shares)]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert figures["mean_class"]["value"] == pytest.approx(1 / 32)  # all are taken for the one class that is expected
    assert main(["evaluate", str(run), "--prior", "recording"]) == 2
    assert "expected shares known beforehand" in capsys.readouterr().err


def test_an_emotion_run_is_told_by_its_own_figures(tmp_path, capsys):
    run = write_run(tmp_path / "run", 1, classes=EMOTION)
    assert main(["evaluate", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["figures"]) == {"accuracy", "balanced_accuracy", "auc", "f1", "weighted_f1"}
    answers = {answer["id"]: answer for answer in told["videos"]}
    assert len(answers) == 320
    wrong = {one["id"] for one in answers.values() if (one["positive"] > 0.5) != (one["truth"] == "positive")}
    assert wrong == {mistake["id"] for mistake in told["errors"]}
    assert main(["evaluate", str(run)]) == 0
    assert "320 videos" in capsys.readouterr().out


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Debian's chromium at {CHROMIUM}")
@pytest.mark.parametrize(("classes", "charts"), [(CLASSES, 3), (EMOTION, 4)], ids=["gestures", "emotion"])
def test_the_page_opens_without_an_error(tmp_path, classes, charts):
    playwright = pytest.importorskip("playwright.sync_api")
    run = write_run(tmp_path / "run", 1, signal=1.0, classes=classes)
    assert main(["evaluate", str(run)]) == 0
    trouble = []
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda sent: trouble.append(sent.url) if sent.url.startswith("http") else None)
        page.goto((run / "evaluation.html").as_uri())
        page.wait_for_selector(".js-plotly-plot .main-svg")
        assert page.locator(".js-plotly-plot").count() == charts
        assert page.locator("tbody tr").count() == (320 if classes == EMOTION else 0)
        assert page.locator(".errors figure").count() == 24
        browser.close()
    assert trouble == []


def test_ensemble_combines_runs_and_can_be_judged_again(tmp_path, capsys):
    runs = [str(write_run(tmp_path / name, seed)) for seed, name in enumerate(("a", "b"))]
    assert main(["ensemble", *runs, "--out", str(tmp_path / "both")]) == 0
    assert "gain over the best single run: +" in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path / "both"), "--json"]) == 0
    both = json.loads(capsys.readouterr().out)["figures"]["top1"]["value"]
    assert main(["evaluate", runs[0], "--json"]) == 0
    assert both > json.loads(capsys.readouterr().out)["figures"]["top1"]["value"]


def test_submit_writes_what_its_check_passes(tmp_path, capsys):
    run = write_run(tmp_path / "run", 1)
    assert main(["submit", str(run), "--out", str(tmp_path / "t.csv")]) == 0
    assert (tmp_path / "t.csv").read_text().startswith("Id,Target\n0000_0,")
    assert main(["submit", "--check", str(tmp_path / "t.csv")]) == 2, "only 320 of 4,562 clips"
    emotion = write_run(tmp_path / "emotion", 1, classes=EMOTION)
    assert main(["submit", str(emotion), "--out", str(tmp_path / "e.csv")]) == 0
    capsys.readouterr()
    assert main(["submit", "--check", str(tmp_path / "e.csv")]) == 0
    assert "passes" in capsys.readouterr().out


def test_submit_makes_track_2_from_timelines(tmp_path, capsys):
    result = tmp_path / "results" / "0054_kinesics"
    result.mkdir(parents=True)
    events = [
        {"label": "touching or scratching neck", "index": 11, "start": 1.0, "end": 2.0},
        {"label": "illustrative", "index": 31, "start": 4.0, "end": 4.04},
    ]
    facts = {"recording": {"name": "0054.mp4", "fps": 25}, "events": events}
    (result / "timeline.json").write_text(json.dumps(facts))
    assert main(["submit", str(tmp_path / "results"), "--out", str(tmp_path / "track2")]) == 0
    assert (tmp_path / "track2" / "0054_prediction.csv").read_text() == "12,25,49\n99,100,100\n"
    assert main(["submit", "--check", str(tmp_path / "track2")]) == 0


def test_submit_counts_by_names_and_knows_what_the_challenge_does_not(tmp_path, capsys):
    """Weights may have the classes of iMiGUE in another order, or classes that are not of it."""
    shuffled = (CLASSES[31], "none", *CLASSES[:31])
    run = write_run(tmp_path / "run", 1, signal=99.0, classes=shuffled)
    assert main(["submit", str(run), "--out", str(tmp_path / "t.csv")]) == 0
    rows = [line.split(",") for line in (tmp_path / "t.csv").read_text().splitlines()[1:]]
    labels = np.random.default_rng(1).integers(0, len(shuffled), 320)
    truth = {f"{i // 20:04d}_{i % 20}": shuffled[label] for i, label in enumerate(labels)}
    assert all(truth[name] in (CLASSES[int(target)], "none") for name, target in rows)
    capsys.readouterr()
    own = write_run(tmp_path / "own", 1, classes=("my class", "touch nek"))
    assert main(["submit", str(own), "--out", str(tmp_path / "o.csv")]) == 2
    assert "expected the classes of iMiGUE" in capsys.readouterr().err
    result = tmp_path / "results" / "0054_kinesics"
    result.mkdir(parents=True)
    event = {"label": "touch nek", "index": 0, "start": 1.0, "end": 2.0}
    (result / "timeline.json").write_text(json.dumps({"recording": {"name": "0054.mp4", "fps": 25}, "events": [event]}))
    assert main(["submit", str(tmp_path / "results"), "--out", str(tmp_path / "track2")]) == 2
    message = capsys.readouterr().err.strip()
    assert "found 'touch nek'; near it are touching ears" in message
    assert len(message.splitlines()) == 1
    assert not (tmp_path / "o.csv").exists()
    assert not (tmp_path / "track2").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "nowhere"], "no such file"),
        (["ensemble", "run", "--out", "x"], "two or more"),
        (["ensemble", "run", "lonely", "--out", "x"], "expected predictions_val.npz"),
        (["submit"], "name a run"),
        (["submit", "--check", "nowhere.csv"], "no such file"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run", 1)
    write_run(tmp_path / "lonely", 2)
    (tmp_path / "lonely" / "predictions_val.npz").unlink()
    assert main(arguments) == 2
    assert told in capsys.readouterr().err
