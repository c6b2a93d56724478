"""`kinesics weights` as its users meet it."""

import json
import pickle
import subprocess
import sys

import pytest

from kinesics.cli import main
from kinesics.files import sha256_of
from kinesics.weights.load import DEFAULT


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KINESICS_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "weights"


def fails(capsys, *arguments) -> str:
    assert main(["weights", *(str(argument) for argument in arguments)]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("kinesics: ")
    return message


def test_the_list_tells_licences_and_what_is_here(capsys, folder):
    assert main(["weights", "list"]) == 0
    rows = {row.split()[0]: row.split() for row in capsys.readouterr().out.splitlines() if row.split()}
    assert rows["gesture-skeleton"][1:5] == ["Apache-2.0", "any", "1.6", "yes"]
    assert rows["swinface"][1:6] == ["MIT", "code", "research", "?", "no"]
    assert main(["weights", "list", "--commercial"]) == 0
    printed = capsys.readouterr().out
    assert "mvit-v2-s-kinetics400" in printed
    assert "swinface" not in printed


def test_show_tells_of_a_name_and_of_a_file(capsys, tmp_path):
    assert main(["weights", "show", "gesture-skeleton"]) == 0
    by_name = json.loads(capsys.readouterr().out)
    assert main(["weights", "show", str(DEFAULT)]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert by_name["file"] == by_file["file"]
    assert by_file["file"]["sha256"] == by_name["ledger"]["sha256"] == sha256_of(DEFAULT)
    assert by_file["file"]["specification"]["network"] == "two_stream_agcn"
    assert main(["weights", "show", "swinface"]) == 0
    assert "file" not in json.loads(capsys.readouterr().out)
    (tmp_path / "text.safetensors").write_bytes(b"hello")
    assert "expected safetensors weights" in fails(capsys, "show", tmp_path / "text.safetensors")
    assert "no weights of this name" in fails(capsys, "show", "nothing")


def test_verify_passes_what_ships_and_tells_damage(capsys, folder):
    assert main(["weights", "verify"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["gesture-skeleton: good", "expression-fer: good"]
    folder.mkdir()
    (folder / "swinface.safetensors").write_bytes(b"anything")
    assert "1 not as they should be: swinface" in fails(capsys, "verify")
    (folder / "swinface.safetensors.sha256").write_text(sha256_of(folder / "swinface.safetensors") + "  x\n")
    assert main(["weights", "verify"]) == 0
    assert "2 not as they should be: lifter, swinface" in fails(capsys, "verify", "--commercial")


def test_mistakes_of_get(capsys, tmp_path, folder):
    assert "not for commercial use" in fails(capsys, "get", "swinface", "--commercial")
    assert "no weights of this name" in fails(capsys, "get", "nothing")
    assert "expected checkpoint_step_79999_gpu_0.pt" in fails(capsys, "get", "swinface", "--from", tmp_path / "none")
    (tmp_path / "mvit_v2_s-ae3be167.pth").write_bytes(pickle.dumps({"x": 1}))
    message = fails(capsys, "get", "mvit-v2-s-kinetics400", "--from", tmp_path)
    assert "expected sha256 ae3be167" in message
    assert list(folder.iterdir()) == []


def test_asking_for_the_list_loads_no_torch():
    code = "import sys; from kinesics.cli import main; main(['weights', 'list']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
