"""The server's interface: what it refuses in one plain line, and that no request whatever breaks it."""

import io
import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from support.recordings import event, real_clip
from support.workbench import analysed_by_hand, until

from kinesics.web.app import create_app
from kinesics.web.context import Workbench
from kinesics.web.database import open_database
from kinesics.web.project import Project
from kinesics.web.security import Gate

BASE = "http://127.0.0.1:8710"
CHECKS = list(HealthCheck)


@contextmanager
def client_of(folder, password=""):
    gate = Gate(8710, password)
    app = create_app(Workbench(Project(folder.resolve()), open_database(folder), gate))
    with TestClient(app, base_url=BASE) as client:
        client.gate = gate
        yield client


@pytest.fixture
def stranger(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    with client_of(folder) as client:
        client.folder = folder
        yield client


@pytest.fixture
def client(stranger):
    """With the cookie that the first page gives."""
    assert stranger.get(f"/?token={stranger.gate.token}").status_code == 200
    return stranger


@pytest.fixture
def coded(client):
    """One recording with proposals, and a coder's tier of it."""
    shutil.copy(real_clip(), client.folder / "talk.mp4")
    analysed_by_hand(client.folder, "talk.mp4", [event("touching ears", 0.5, 1.0, 0.6)], 4.0)
    client.post("/api/recordings/scan", json={})
    until(lambda: [row for row in client.get("/api/recordings").json() if row["duration"]])
    coder = client.post("/api/coders", json={"name": "anna"}).json()["id"]
    client.tier = client.post("/api/recordings/1/reviews", json={"coder": coder}).json()["tier"]
    return client


def plain(answer, status):
    """The one line of a refusal."""
    assert answer.status_code == status, answer.text
    message = answer.json()["message"]
    assert 5 < len(message) < 400
    assert "\n" not in message
    assert "Traceback" not in message
    return message


def upload(client, name, content, **headers):
    return client.post("/api/recordings/upload", params={"name": name}, content=content, headers=headers)


# ── who is let in ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["/api/recordings", "/api/storage", "/api/openapi.json", "/api/changes", "/assets/tools.js"]
)
def test_without_the_token_nothing_is_told(stranger, path):
    assert "Open the address" in plain(stranger.get(path), 401)
    assert stranger.get(f"{path}?token={stranger.gate.token}").status_code == 401, "the token opens pages alone"


def test_a_page_without_the_token_says_what_to_do(stranger):
    page = stranger.get("/", headers={"sec-fetch-dest": "document"})
    assert page.status_code == 401
    assert "Open the address" in page.text


def test_the_cookie_is_for_this_site_and_no_script(stranger):
    cookie = stranger.get(f"/?token={stranger.gate.token}").headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie


def test_a_foreign_page_cannot_make_it_do_anything(client):
    for origin in ("http://evil.example", "http://127.0.0.1:9999", "null"):
        message = plain(client.post("/api/coders", json={"name": "x"}, headers={"origin": origin}), 403)
        assert "another page" in message
    assert client.get("/api/coders").json() == []
    plain(client.get("/api/recordings", headers={"host": "evil.example:8710"}), 403)


def test_every_answer_tells_the_browser_what_it_may_do(client):
    for path in ("/", "/review", "/api/recordings", "/assets/tools.js", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_password_is_asked_for_and_the_token_is_not_enough(tmp_path):
    with client_of(tmp_path, "correct horse") as client:
        plain(client.get("/api/recordings"), 401)
        page = client.get(f"/?token={client.gate.token}", follow_redirects=True)
        assert 'type="password"' in page.text
        assert client.post("/login", data={"password": "wrong"}).status_code == 401
        plain(client.get("/api/recordings"), 401)
        assert client.post("/login", data={"password": "correct horse"}, follow_redirects=True).status_code == 200
        assert client.get("/api/recordings").json() == []


# ── paths and uploads ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    ["../evil.mp4", "..\\evil.mp4", "/tmp/evil.mp4", ".evil.mp4", "evil.html", "evil\x00.mp4", "x" * 299, "con.mp4"],
)
def test_no_upload_leaves_the_folder(client, name):
    plain(upload(client, name, b"x"), 422)
    assert not list(client.folder.parent.rglob("*evil*"))


@pytest.mark.parametrize(
    "path", ["../../pyproject.toml", "..%2f..%2fserve.py", "%2e%2e/app.py", "vendor/../../app.py", "library.html.j2"]
)
def test_no_path_of_a_part_leads_elsewhere(client, path):
    answer = client.get(f"/assets/{path}")
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_what_is_no_video_is_refused_and_leaves_nothing(client):
    before = sorted(path.name for path in client.folder.iterdir())
    for content in (
        b"",
        b"<script>alert(1)</script>" * 99,
        b"\x00\x00\x00\x18ftypmp42" + bytes(5000),
        real_clip().read_bytes()[:2000],
    ):
        message = plain(upload(client, "evil.mp4", content), 422)
        assert message.startswith("evil.mp4: ")
        assert str(client.folder) not in message
    assert sorted(path.name for path in client.folder.iterdir()) == before


def test_a_zip_bomb_of_landmarks_is_refused(client):
    import zipfile

    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(200_000_000))
    plain(upload(client, "evil.skeleton.npz", bomb.getvalue()), 422)
    objects = io.BytesIO()
    np.savez(objects, header=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    plain(upload(client, "evil.skeleton.npz", objects.getvalue()), 422)
    assert not list(client.folder.glob("*evil*"))


def test_what_claims_to_be_too_large_is_refused_before_it_comes(client):
    def endless():
        yield b"x"
        raise AssertionError("it was read")

    message = plain(upload(client, "a.mp4", endless(), **{"content-length": str(10**14)}), 413)
    assert "GB" in message


def test_what_is_too_large_without_saying_so_is_cut_off(client, monkeypatch):
    monkeypatch.setattr("kinesics.web.uploads.MOST_VIDEO", 1_000_000)
    plain(upload(client, "a.mp4", (bytes(100_000) for _ in range(1000))), 413)
    assert not list(client.folder.glob("*.mp4"))
    monkeypatch.setattr("kinesics.web.uploads.MOST_CODING", 1000)


def test_nothing_is_overwritten(client):
    content = real_clip().read_bytes()
    assert upload(client, "talk.mp4", content).status_code == 201
    assert "already" in plain(upload(client, "talk.mp4", b"other"), 409)
    assert (client.folder / "talk.mp4").read_bytes() == content


def test_hostile_codings_are_refused_in_a_line(coded):
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><ANNOTATION_DOCUMENT>&a;</ANNOTATION_DOCUMENT>'
    for name, content in (
        ("a.eaf", entities),
        ("a.eaf", b""),
        ("a.boris", b"{}"),
        ("a.csv", b"\xff\xfe\x00"),
        ("../a.eaf", b"x"),
        ("a", b"x"),
    ):
        message = plain(coded.post("/api/recordings/1/codings/look", params={"name": name}, content=content), 422)
        assert "/tmp" not in message


# ── tiers ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_coder_who_is_blind_is_told_nothing_until_done(coded):
    ben = coded.post("/api/coders", json={"name": "ben"}).json()["id"]
    opened = coded.post("/api/recordings/1/reviews", json={"coder": ben, "blind": True}).json()
    assert (opened["proposals"], opened["others"], opened["tier"]["marks"]) == ([], [], [])
    anna = coded.tier["coder"]["id"]
    seen = coded.post("/api/recordings/1/reviews", json={"coder": anna}).json()
    assert [other["coder"]["name"] for other in seen["others"]] == [], "nor is the blind tier shown to others"
    number = opened["tier"]["id"]
    plain(coded.post(f"/api/reviews/{number}/proposals", json={"version": 0}), 403)
    coded.post(f"/api/reviews/{number}/done", json={"version": 0, "done": True})
    opened = coded.post("/api/recordings/1/reviews", json={"coder": ben, "blind": True}).json()
    assert len(opened["proposals"]) == 1
    assert [other["coder"]["name"] for other in opened["others"]] == ["anna"]
    again = coded.post(f"/api/reviews/{number}/done", json={"version": 1, "done": False}).json()
    assert not again["blind"], "who has seen the others is blind no longer"


@pytest.mark.parametrize(
    "change",
    [
        {"start": 2.0, "end": 1.0}, {"start": -1.0}, {"end": 1e9}, {"label": ""}, {"label": " "}, {"label": "x" * 201},
        {"status": "maybe"}, {"person": -1}, {"note": "x" * 2001}, {"note": "\ud800"}, {"more": 1}, {"end": 99.0},
    ],
)  # fmt: skip
def test_a_mark_that_cannot_be_is_refused(coded, change):
    after = {"label": "nod", "start": 1.0, "end": 2.0} | change
    body = json.dumps({"version": 0, "kind": "add", "changes": [{"uid": "a", "after": after}]})
    number = coded.tier["id"]
    plain(coded.post(f"/api/reviews/{number}/edits", content=body, headers={"content-type": "application/json"}), 422)
    assert coded.get(f"/api/reviews/{number}").json() == coded.tier


def test_numbers_that_are_none_are_refused(coded):
    for number in ("NaN", "Infinity", "1e999"):
        mark = f'{{"label": "a", "start": 0, "end": {number}}}'
        body = f'{{"version": 0, "kind": "add", "changes": [{{"uid": "a", "after": {mark}}}]}}'
        answer = coded.post("/api/reviews/1/edits", content=body, headers={"content-type": "application/json"})
        plain(answer, 422)


def test_an_elan_file_goes_in_and_out_with_all_that_was_in_it(coded, tmp_path):
    from kinesics.timeline import Timeline
    from kinesics.timeline.formats import FORMATS, Provenance

    own = tmp_path / "ben.eaf"
    FORMATS["ELAN"].write(
        own, Timeline((event("pressing lips", 1.0, 2.0),), 4.0), Provenance(media=coded.folder / "talk.mp4")
    )
    query = {"name": "ben.eaf"}
    found = coded.post("/api/recordings/1/codings/look", params=query, content=own.read_bytes()).json()
    assert found["codes"] == {"pressing lips": {"count": 1, "suggested": "pressing lips"}}
    query |= {"coder": "ben", "mapping": json.dumps({"pressing lips": "lips"})}
    made = coded.post("/api/recordings/1/codings", params=query, content=own.read_bytes())
    assert made.status_code == 201, made.text
    plain(coded.post("/api/recordings/1/codings", params=query, content=own.read_bytes()), 409)
    review = made.json()["review"]
    assert coded.get("/api/recordings/1/documents").json() == [{"review": review, "name": "ben.eaf"}]
    answer = coded.get(f"/api/recordings/1/documents/{review}", params={"tier": "kinesics"})
    out = tmp_path / "out.eaf"
    out.write_bytes(answer.content)
    assert sorted(one.label for one in FORMATS["ELAN"].read(out)) == ["pressing lips", "touching ears"]


# ── privacy ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_deleted_is_gone_and_nothing_else(coded):
    (coded.folder / "talk_kinesics" / "my notes.txt").write_text("mine")
    told = coded.get("/api/storage").json()
    assert told["recordings"][0]["results"] == "talk_kinesics"
    assert told["coders"] == [{"id": 1, "name": "anna", "marks": 1}]
    assert coded.delete("/api/coders/1").status_code == 200
    assert coded.post("/api/storage/delete-recordings", json={"recordings": [1]}).json() == {"recordings": 1}
    assert coded.post("/api/storage/compact", json={}).json() == {"compacted": True}
    assert coded.get("/api/storage").json()["recordings"] == []
    assert not (coded.folder / "talk.mp4").exists()
    assert (coded.folder / "talk_kinesics" / "my notes.txt").read_text() == "mine"
    left = b"".join(path.read_bytes() for path in coded.folder.glob("kinesics.sqlite*"))
    assert b"anna" not in left
    assert b"touching ears" not in left


# ── anything whatever ────────────────────────────────────────────────────────────────────────────────────────


def test_no_request_whatever_breaks_it(coded):
    """Every operation of the OpenAPI description, with what fits it and what does not: never a 5xx."""
    schemathesis = pytest.importorskip("schemathesis")
    shown = {"host": "127.0.0.1:8710", "cookie": f"{coded.gate.cookie}={coded.gate.token}"}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", coded.app, headers=shown)
    answers = [status for found in schema.get_all_operations() for status in attempts(found.ok(), shown)]
    assert len(answers) > 300
    assert {200, 404, 422} <= set(answers)
    assert max(answers) < 500


def attempts(operation, shown):
    """Call an operation a dozen times, and give the answers' statuses; one above 500 fails with the request."""
    answers = []

    @given(case=operation.as_strategy())
    @settings(max_examples=12, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=CHECKS)
    def attempt(case):
        answer = case.call(base_url=BASE, headers=shown)
        answers.append(answer.status_code)
        assert answer.status_code < 500, (operation.label, answer.status_code)

    attempt()
    return answers
