"""What people look for in a repository is there, and agrees with the package."""

from __future__ import annotations

import re
import subprocess
import tomllib

import yaml
from support import paths

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_citation_names_this_version_and_the_paper() -> None:
    citation = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert "arxiv.org/abs/2512.23291" in citation["references"][0]["url"]


def test_changes_know_this_version() -> None:
    versions = re.findall(r"^## (\S+)", (paths.ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert PROJECT["version"] in versions


def test_requirements_record_hashes_and_no_address() -> None:
    for path in (paths.ROOT / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        assert "://" not in text, path
        pinned = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
        assert path.name == "overrides.txt" or 0 < len(pinned) <= text.count("--hash=sha256:"), path


def test_make_docs_and_every_target_exist() -> None:
    """Every target that the README and CONTRIBUTING name is one."""
    named = set()
    for name in ("README.md", "CONTRIBUTING.md"):
        named |= set(re.findall(r"^make (\w+)", (paths.ROOT / name).read_text("utf-8"), re.MULTILINE))
    assert "docs" in named
    for target in named:
        command = ["make", "--dry-run", "--question", target]
        made = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)
        assert "No rule to make target" not in made.stderr, target
