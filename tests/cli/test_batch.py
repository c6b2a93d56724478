"""`kinesics batch` as its users meet it."""

import subprocess
import sys

import pytest
from support.batches import landmarks

from kinesics.cli import main


@pytest.fixture
def videos(tmp_path):
    landmarks(tmp_path / "in" / "a.skeleton.npz", 4.0)
    (tmp_path / "in" / "bad.mp4").write_bytes(b"no video")
    return tmp_path / "in"


def fails(capsys, *arguments):
    assert main(["batch", *map(str, arguments)]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_it_does_all_and_then_nothing(videos, tmp_path, capsys):
    out = tmp_path / "study"
    assert main(["batch", str(videos), "--out", str(out), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "2 recordings; 2 to analyse" in said
    assert not out.exists()
    assert main(["batch", str(videos), "--out", str(out), "--processes", "1"]) == 0
    said = capsys.readouterr().out
    assert "1 done, 1 failed; 2 of them in this call" in said
    assert "failed: bad.mp4: expected a video" in said
    assert main(["batch", str(videos), "--out", str(out)]) == 0
    assert "0 of them in this call" in capsys.readouterr().out
    loaded = ("torch", "openvino", "pandas", "plotly", "ray", "fsspec")
    code = (
        f"import sys; from kinesics.cli import main; main(['batch', {str(videos)!r}, '--out', {str(out)!r}]); "
        f"sys.exit(any(name in sys.modules for name in {loaded}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert main(["batch", str(videos), "--out", str(out), "--dry-run", "--person", "all"]) == 0
    assert "estimated from recordings of this study" in capsys.readouterr().out


def test_mistakes_are_one_line(videos, tmp_path, capsys):
    out = tmp_path / "study"
    assert "no such file or folder" in fails(capsys, tmp_path / "none", "--out", out)
    for shard in ("0/3", "4/3", "a", "3"):
        assert "--shard" in fails(capsys, videos, "--out", out, "--shard", shard)
    assert "--processes 0" in fails(capsys, videos, "--out", out, "--processes", "0")
    assert "no such landmark engine" in fails(capsys, videos, "--out", out, "--engine", "none")
    assert "found one with other files" in fails(capsys, videos, "--out", videos)
    assert "no such file" in fails(capsys, videos, "--out", out, "--weights", tmp_path / "w.safetensors")
    assert not out.exists()
