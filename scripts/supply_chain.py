"""What Kinesics is made of: a bill of materials, the licences of all that is installed, and known weaknesses.

    python scripts/supply_chain.py sbom --out sbom.json
    python scripts/supply_chain.py licences
    python scripts/supply_chain.py audit

The tools come from the package index for the moment, by `uv tool run`, and are no part of the environment. Where no
index answers, `audit` says so and passes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SBOM, AUDIT = "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
LONGEST = 60  # letters of a licence; some packages put the whole text there
NO_INDEX = ("ServiceError", "ConnectionError", "Connection refused", "Max retries", "dns error", "Failed to fetch")


def tool(package: str, *command: str) -> subprocess.CompletedProcess[str]:
    uv = Path(sys.executable).with_name("uv")
    whole = [str(uv), "tool", "run", "--quiet", "--from", package, *command]
    return subprocess.run(whole, capture_output=True, text=True, cwd=ROOT, check=False)


def sbom(out: Path) -> None:
    """Everything that is installed beside this Python, as CycloneDX JSON."""
    done = tool(SBOM, "cyclonedx-py", "environment", sys.executable, "--of", "JSON", "-o", str(out.resolve()))
    if done.returncode:
        sys.exit(f"{out}: not written: {done.stderr.strip()}")
    print(f"{out}: {len(json.loads(out.read_text('utf-8'))['components'])} components")


def licences() -> Iterator[str]:
    """A line of Markdown a package."""
    yield "| package | version | licence |"
    yield "|---|---|---|"
    rows = {one.metadata["Name"].lower(): (one.metadata["Name"], one.version, _licence(one)) for one in distributions()}
    yield from (f"| {' | '.join(row)} |" for _, row in sorted(rows.items()))


def _licence(one) -> str:
    """By its expression, its classifiers, or the field of old, whichever says something short."""
    facts = one.metadata
    classified = [
        text.rpartition(" :: ")[2] for text in facts.get_all("Classifier") or () if text.startswith("License ::")
    ]
    said = facts.get("License-Expression") or ", ".join(classified) or facts.get("License") or "not told"
    return " ".join(said.split())[:LONGEST]


def audit() -> None:
    """Exit code 1 for a known weakness in what is pinned; 0 with a word where no index answers."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        pinned = str(ROOT / "requirements" / "requirements.txt")
        command = ["pip-audit", "--disable-pip", "--require-hashes", "-r", pinned, "-f", "json", "-o", str(out)]
        done = tool(AUDIT, *command)
        if not out.exists() and any(word in done.stderr for word in NO_INDEX):
            print("audit: skipped, no index answers")
            return
        found = json.loads(out.read_text("utf-8"))["dependencies"] if out.exists() else []
    weak = [(one["name"], one["version"], fault["id"]) for one in found for fault in one.get("vulns", ())]
    for name, version, fault in weak:
        print(f"audit: {name} {version}: {fault}")
    if weak or not found:
        sys.exit(1 if weak else f"audit: {done.stderr.strip()}")
    print(f"audit: nothing known against {len(found)} packages")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sbom", "licences", "audit"))
    parser.add_argument("--out", type=Path, default=Path("sbom.json"), help="of the bill of materials")
    options = parser.parse_args()
    if options.what == "sbom":
        sbom(options.out)
    elif options.what == "audit":
        audit()
    else:
        print("\n".join(licences()))


if __name__ == "__main__":
    main()
