import pytest
from support.reviewed import OWN, analysed, reviewed

from kinesics.cli import main
from kinesics.weights.specification import specification_of


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    for n in range(3):
        analysed(folder, reviewed(n))
    analysed(folder, reviewed(5), coded=False)
    return folder


def test_the_command_writes_weights_and_says_what_they_gain(results, tmp_path, capsys):
    out = tmp_path / "mine.safetensors"
    assert main(["adapt", str(results), "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "6 events of 1 classes in 3 recordings, 3 people" in shown
    assert f"{OWN}: 100% of 6 found" in shown or f"{OWN}: " in shown
    assert "talk 5_kinesics: not reviewed" in shown
    assert OWN in specification_of(out).classes
    assert main(["adapt", str(results), "--out", str(out)]) == 2
    assert "expected a new file, found one of this name" in capsys.readouterr().err


def test_the_command_lists_what_to_look_at_next(results, capsys):
    assert main(["adapt", str(results), "--next", "3"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert 0 < len(shown) <= 3
    assert all(line.startswith("talk 5, ") for line in shown) or shown[0].startswith("nothing that is uncertain")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--out", "x.txt"], "expected the name of a .safetensors file"),
        ([], "expected --out FILE.safetensors or --next N"),
        (["--next", "0"], "--next 0: expected a number of stretches"),
        (["--labels", "nowhere.csv", "--out", "x.safetensors"], "nowhere.csv: no such file or folder"),
        (["--people", "nowhere.csv", "--out", "x.safetensors"], "nowhere.csv"),
    ],
)
def test_mistakes_are_one_line(results, capsys, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["adapt", str(results), *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
