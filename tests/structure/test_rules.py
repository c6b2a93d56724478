"""The house's rules hold in every file."""

from __future__ import annotations

import ast

import pytest
from support import source
from support.rules import LADDERS, RULES


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    faults = list(RULES[rule]())
    assert not faults, f"{(RULES[rule].__doc__ or '').strip()} {len(faults)} of them:\n" + "\n".join(faults)


def test_few_ladders_are_left() -> None:
    assert len(LADDERS) <= 3
    there = {f"{found.file} {found.name}" for found in source.functions()}
    assert set(LADDERS) <= there


def test_rules_see_what_breaks_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule on how functions are written names a planted function that breaks it."""
    body = "\n".join(f"    x{i} = {i}" for i in range(51))
    planted = f"""
class Net(nn.Module):
    pass
class Other(Net):
    pass
def undocumented(a, b, c, d, e, f, g, h, i, j: Tensor) -> int:
{body}
    if isinstance(a, Net) or isinstance(b, Other):
        return 1
def forgetful(a, b, c):
    '''One sentence.

    Parameters
    ----------
    a, b : int
        Two of three.
    '''
"""
    trees = {"planted.py": ast.parse(planted)}
    monkeypatch.setattr(source, "files", lambda: trees)
    source.definitions.cache_clear()
    try:
        broken = {rule: list(RULES[rule]()) for rule in RULES}
    finally:
        source.definitions.cache_clear()
    for rule in ("undocumented", "without_sections", "too_long", "too_many_parameters", "ladders"):
        assert any("undocumented" in fault for fault in broken[rule]), rule
    assert any("forgetful" in fault for fault in broken["unexplained_arguments"])
