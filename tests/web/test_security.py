"""Who is let in: the token, the workbench's own name, its own page; a password asked for slowly."""

import pytest

from kinesics.web.security import Gate

OWN = {"host": "127.0.0.1:8710"}


@pytest.fixture
def gate():
    return Gate(8710)


def test_the_token_lets_in_and_another_does_not(gate):
    assert gate.refusal("GET", "/api/recordings", OWN, [gate.token]) == ""
    for shown in ([], [""], ["x" * 43], [gate.token[:-1]], ["ü"]):
        assert gate.refusal("GET", "/api/recordings", OWN, shown) == "refused.token"


def test_tokens_are_long_and_each_its_own():
    tokens = {Gate(1).token for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43
    assert all(token not in repr(Gate(1, "secret-password", token)) for token in tokens)
    assert "secret" not in repr(Gate(1, "secret-password"))


@pytest.mark.parametrize(
    "host", ["evil.example:8710", "127.0.0.1.evil.example:8710", "127.0.0.1", "127.0.0.1:80", "", "0x7f000001:8710"]
)
def test_a_name_that_only_leads_here_is_refused(gate, host):
    assert gate.refusal("GET", "/", {"host": host}, [gate.token]) == "refused.host"


@pytest.mark.parametrize("host", ["127.0.0.1:8710", "localhost:8710", "[::1]:8710"])
def test_its_own_names_are_let_in(gate, host):
    assert gate.refusal("GET", "/", {"host": host}, [gate.token]) == ""


def test_addresses_are_let_in_only_where_there_is_a_password():
    assert Gate(8710).refusal("GET", "/", {"host": "192.168.1.5:8710"}, ["x"]) == "refused.host"
    locked = Gate(8710, "long enough")
    assert locked.refusal("GET", "/", {"host": "192.168.1.5:8710"}, [locked.token]) == ""
    assert locked.refusal("GET", "/", {"host": "evil.example:8710"}, [locked.token]) == "refused.host"


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null", "https://127.0.0.1:8710"])
def test_a_foreign_origin_is_refused_even_with_the_token(gate, origin):
    for method in ("GET", "POST", "DELETE"):
        assert gate.refusal(method, "/api/coders", OWN | {"origin": origin}, [gate.token]) == "refused.origin"
    assert gate.refusal("POST", "/api/coders", OWN | {"origin": "http://127.0.0.1:8710"}, [gate.token]) == ""


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_only_link_here(gate, site):
    fetched = OWN | {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
    assert gate.refusal("GET", "/api/recordings/1/video", fetched, [gate.token]) == "refused.origin"
    visit = OWN | {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
    assert gate.refusal("GET", "/", visit, [gate.token]) == ""
    assert gate.refusal("POST", "/", visit, [gate.token]) == "refused.origin"


def test_a_wrong_password_takes_its_time():
    paused = []
    gate = Gate(8710, "correct horse")
    assert not gate.admits("wrong", paused.append)
    assert not gate.admits("\ud800", paused.append)
    assert len(paused) == 2
    assert gate.admits("correct horse", paused.append)
    assert len(paused) == 2
    assert not Gate(8710).admits("", paused.append)
