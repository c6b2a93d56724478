"""A study on a real Ray cluster: three nodes in network namespaces of their own on this machine.

    python benchmarks/ray_cluster.py --out benchmarks/results/ray_cluster.md        as root, on Linux

A namespace holds a bridge, three more hold a node each (`ray start`, one core), and nothing reaches the machine's own
network. The same study is done without Ray and by one, two and three nodes; then once more by three, of which one is
killed (SIGKILL to all that runs in its namespace) when a third of the recordings is done.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from batch import make, rows
from support.batches import tree

NET, BRIDGE = "kinesics-net", "kinesics0"
HEAD, PORT = "10.77.0.1", 6379
STORE = 100_000_000  # bytes of a node's object store
RAY = str(Path(sys.executable).with_name("ray"))


@dataclass(frozen=True)
class Carried:
    """What the head node did: MB through its network, seconds of its GCS's processor, MB of its memory."""

    received: float
    sent: float
    gcs_seconds: float
    gcs_memory: float


@dataclass(frozen=True)
class Done:
    seconds: float
    states: dict[str, int]
    same: bool
    carried: Carried


def name(node: int) -> str:
    return f"kinesics-node{node}"


def run(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


def inside(node: int, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name(node), *command]


@contextmanager
def network(nodes: int) -> Iterator[None]:
    """The namespaces, joined by a bridge in one of their own; all are removed at the end."""
    try:
        run("ip", "netns", "add", NET)
        run("ip", "-n", NET, "link", "add", BRIDGE, "type", "bridge")
        run("ip", "-n", NET, "link", "set", BRIDGE, "up")
        for node in range(nodes):
            run("ip", "netns", "add", name(node))
            run("ip", "-n", name(node), "link", "add", "eth0", "type", "veth", "peer", f"node{node}", "netns", NET)
            run("ip", "-n", NET, "link", "set", f"node{node}", "master", BRIDGE, "up")
            run("ip", "-n", name(node), "addr", "add", f"10.77.0.{node + 1}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                run("ip", "-n", name(node), "link", "set", link, "up")
        yield
    finally:
        for node in range(nodes):
            kill(node)
            run("ip", "netns", "del", name(node), check=False)
        run("ip", "netns", "del", NET, check=False)


def pids(node: int) -> list[int]:
    return [int(pid) for pid in run("ip", "netns", "pids", name(node), check=False).split()]


def kill(node: int) -> None:
    for pid in pids(node):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def start(node: int, temporary: Path) -> subprocess.Popen[bytes]:
    where = ["--head", f"--port={PORT}"] if node == 0 else [f"--address={HEAD}:{PORT}"]
    options = [f"--node-ip-address=10.77.0.{node + 1}", "--num-cpus=1", f"--object-store-memory={STORE}"]
    own = [f"--temp-dir={temporary}", "--include-dashboard=false"] if node == 0 else []
    command = inside(node, RAY, "start", *where, *options, *own, "--disable-usage-stats")
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())


def environment() -> dict[str, str]:
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_memory_usage_threshold": "0.98"}
    quiet |= {"RAY_AUTH_MODE": "disabled"}  # nobody else reaches these namespaces
    quiet |= {"RAY_raylet_start_wait_time_s": "300", "RAY_health_check_timeout_ms": "60000"}  # the machine may be busy
    return {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"} | quiet


def carried() -> Carried:
    (link,) = json.loads(run("ip", "-n", name(0), "-s", "-j", "link", "show", "eth0"))
    seconds = memory = 0.0
    for pid in pids(0):
        command = Path(f"/proc/{pid}/cmdline").read_text().partition("\0")[0]
        if command.endswith("gcs_server"):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            memory = int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
    stats = link["stats64"]
    return Carried(stats["rx"]["bytes"] / 1e6, stats["tx"]["bytes"] / 1e6, seconds, memory)


def study_of(source: Path, out: Path, expected: dict[str, bytes] | None, nodes: int, fatal: bool = False) -> Done:
    """The study by so many nodes; fatal: the last of them is killed when a third is done."""
    temporary = Path(tempfile.mkdtemp(prefix="kray"))  # short: it holds sockets
    with network(nodes):
        try:
            assert start(0, temporary).wait() == 0, "the head did not start"
            codes = [one.wait() for one in [start(node, temporary) for node in range(1, nodes)]]
            assert not any(codes), "a node did not start"
            command = inside(0, sys.executable, "-m", "kinesics.cli", "batch", str(source), "--out", str(out))
            before, begin = carried(), time.perf_counter()
            process = subprocess.Popen([*command, "--ray", f"{HEAD}:{PORT}"], env=environment())
            if fatal:
                third = len(list(source.iterdir())) // 3
                while process.poll() is None and len(rows(out)) < third:
                    time.sleep(0.2)
                kill(nodes - 1)
                print(f"killed {name(nodes - 1)} after {len(rows(out))} recordings", flush=True)
            assert process.wait() == 0, "the batch did not end well"
            took, after = time.perf_counter() - begin, carried()
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    used = [getattr(after, key) - getattr(before, key) for key in ("received", "sent", "gcs_seconds")]
    states = [row.state for row in rows(out)]
    counts = {state: states.count(state) for state in sorted(set(states))}
    done = Done(took, counts, expected is None or tree(out) == expected, Carried(*used, after.gcs_memory))
    print(f"{nodes} nodes: {done}", flush=True)
    return done


def report(options: argparse.Namespace, folder: Path) -> str:
    source = folder / "in"
    make(source, options.whole, options.videos, options.broken, options.seconds)
    local = [sys.executable, "-m", "kinesics.cli", "batch", str(source), "--out", str(folder / "local")]
    begin = time.perf_counter()
    subprocess.run([*local, "--processes", "1"], check=True, env=environment())
    took, expected = time.perf_counter() - begin, tree(folder / "local")
    found = {f"{n} node{'s'[: n > 1]}": study_of(source, folder / f"ray{n}", expected, n) for n in (1, 2, 3)}
    found["3 nodes, one killed"] = study_of(source, folder / "killed", expected, 3, fatal=True)
    lines = "\n".join(
        f"| {key} | {one.seconds:.0f} | {3600 / one.seconds * len(rows(folder / 'local')):.0f} | "
        f"{', '.join(f'{count} {state}' for state, count in one.states.items())} | {'yes' if one.same else 'NO'} | "
        f"{one.carried.received:.2f} / {one.carried.sent:.2f} | {one.carried.gcs_seconds:.1f} | "
        f"{one.carried.gcs_memory:.0f} |"
        for key, one in found.items()
    )
    return f"""\
# A study on a Ray cluster

`python benchmarks/ray_cluster.py {" ".join(sys.argv[1:])}`, {len(os.sched_getaffinity(0))} cores, load \
{os.getloadavg()[0]:.0f} at the end. {options.whole} whole recordings of {options.seconds:.0f} s, {options.videos} of \
them videos of 320x240, and {options.broken} broken ones. Every node is a `ray start` of its own with one core in a \
network namespace of its own, all on this machine: more nodes than it has cores share them. One process without Ray \
took {took:.0f} s.

| cluster | seconds | recordings an hour | became | same bytes as without Ray | head received / sent, MB | GCS, s | \
GCS, MB |
|---|---:|---:|---|---|---:|---:|---:|
{lines}

The head's traffic is that of its whole node, so its own recordings count in none of it: they are read from the folder \
that all share. GCS: processor and memory of Ray's control service on the head.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", type=int, default=12)
    parser.add_argument("--videos", type=int, default=4)
    parser.add_argument("--broken", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kinesics-ray-"))
    try:
        text = report(options, folder)
    finally:
        shutil.rmtree(folder)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
