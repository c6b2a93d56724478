"""`kinesics serve` as somebody types it: mistakes in one line, an address with a token, an orderly end."""

import socket

import httpx
import pytest
from support.workbench import Served, served

from kinesics.cli import main


def fails(capsys, *arguments):
    assert main(["serve", *map(str, arguments)]) == 2
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert message.startswith("kinesics: ")
    return message


def test_mistakes_are_told_in_a_line(capsys, tmp_path):
    assert "no such file or folder" in fails(capsys, tmp_path / "none")
    (tmp_path / "a.mp4").touch()
    assert "give its folder" in fails(capsys, tmp_path / "a.mp4")
    assert "add --password" in fails(capsys, tmp_path, "--host", "0.0.0.0")
    assert "1 to 65535" in fails(capsys, tmp_path, "--port", "99999")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "another with --port" in fails(capsys, tmp_path, "--port", taken.getsockname()[1])


def test_a_foreign_database_is_left_alone(capsys, tmp_path):
    (tmp_path / "kinesics.sqlite").write_text("not a database at all, but a long letter " * 50)
    before = (tmp_path / "kinesics.sqlite").read_bytes()
    assert "move it away" in fails(capsys, tmp_path)
    assert (tmp_path / "kinesics.sqlite").read_bytes() == before


def test_a_folder_is_served_once_and_ends_in_order(tmp_path):
    with served(tmp_path) as one:
        assert one.address.startswith("http://127.0.0.1:")
        assert httpx.get(f"{one.base}/api/recordings").status_code == 401
        with pytest.raises(RuntimeError, match="served already"):
            Served(tmp_path)
        one.stop()
        assert one.process.returncode == 0
    with served(tmp_path) as again:
        assert again.get("/api/recordings") == []


def test_with_a_password_the_address_has_no_token(tmp_path):
    with served(tmp_path, ["--host", "127.0.0.1", "--password"], "correct horse\n") as one:
        assert "token" not in one.address
        answer = one.client.post("/login", data={"password": "correct horse"}, follow_redirects=True)
        assert answer.status_code == 200
        assert one.get("/api/recordings") == []
