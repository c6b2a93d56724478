"""The package's own source, read and not run: its files, functions and classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support import paths

PACKAGE = paths.ROOT / "src" / "kinesics"
TESTS = paths.ROOT / "tests"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Definition:
    """A function, method or class, with the file it stands in and the classes around it."""

    file: str  # relative to the package
    node: Function | ast.ClassDef
    owners: tuple[ast.ClassDef, ...] = ()
    nested: bool = False  # inside a function

    def __str__(self) -> str:
        """`inference/events.py:12 find_events`, as messages name it."""
        return f"{self.file}:{self.node.lineno} {self.name}"

    @property
    def name(self) -> str:
        """Its name behind those of the classes around it: `Scorer.score`."""
        return ".".join([owner.name for owner in self.owners] + [self.node.name])

    @property
    def public(self) -> bool:
        """Whether somebody else is meant to use it: no part of its path begins with an underscore."""
        names = [*Path(self.file).parts[:-1], *(owner.name for owner in self.owners), self.node.name]
        return not self.nested and not any(name.startswith("_") for name in names)

    @property
    def is_class(self) -> bool:
        """A class, and not a function."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def docstring(self) -> str:
        """The docstring, or nothing."""
        return ast.get_docstring(self.node) or ""

    @property
    def decorators(self) -> set[str]:
        """The last names of its decorators: `property`, `dataclass`, `overload`."""
        calls = (node.func if isinstance(node, ast.Call) else node for node in self.node.decorator_list)
        return {ast.unparse(call).split(".")[-1] for call in calls}

    @property
    def constructor(self) -> Definition | None:
        """The `__init__` that a class writes itself."""
        own = (node for node in self.node.body if isinstance(node, Function) and node.name == "__init__")
        node = next(own, None) if isinstance(self.node, ast.ClassDef) else None
        return node and Definition(self.file, node, (*self.owners, self.node))  # type: ignore[arg-type]

    @property
    def arguments(self) -> list[ast.arg]:
        """All arguments of a function, or of a class's own `__init__`, but `self` and `cls`."""
        if isinstance(self.node, ast.ClassDef):
            return self.constructor.arguments if self.constructor else []
        given = self.node.args
        several = [argument for argument in (given.vararg, given.kwarg) if argument]
        found = [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]
        bound = self.owners and "staticmethod" not in self.decorators
        return found[1:] if bound and found and found[0].arg in ("self", "cls") else found


@cache
def files() -> dict[str, ast.Module]:
    """Every Python file of the package by its path in it, parsed."""
    return _parsed(PACKAGE)


@cache
def definitions() -> list[Definition]:
    """Every function, method and class of the package."""
    return [found for file, tree in files().items() for found in _inside(file, tree.body, (), False)]


def exists(name: str) -> bool:
    """Whether `kinesics.a.b.Name` is a module, or something that the module `kinesics.a.b` defines or imports."""
    parts = name.split(".")[1:]
    for end in range(len(parts), -1, -1):
        path = "/".join(parts[:end])
        tree = files().get(f"{path}.py") or files().get(f"{path}/__init__.py".lstrip("/"))
        if tree:
            return end == len(parts) or _holds(tree.body, parts[end:])
    return False


def _holds(body: list[ast.stmt], names: list[str]) -> bool:
    for node in body:
        if isinstance(node, ast.If | ast.Try) and _holds(node.body, names):
            return True
        if names[0] in _bound(node):
            return len(names) == 1 or not isinstance(node, ast.ClassDef) or _holds(node.body, names[1:])
    return False


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | Function):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {name.asname or name.name for name in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def _inside(file: str, body: list[ast.stmt], owners: tuple[ast.ClassDef, ...], nested: bool) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield Definition(file, node, owners, nested)
            yield from _inside(file, node.body, (*owners, node), nested)
        elif isinstance(node, Function):
            yield Definition(file, node, owners, nested)
            yield from _inside(file, node.body, owners, True)
        else:  # inside `if`, `with`, `try`
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            yield from _inside(file, inner, owners, nested)


def functions() -> list[Definition]:
    """Every function and method of the package."""
    return [found for found in definitions() if not found.is_class]


@cache
def tests() -> dict[str, ast.Module]:
    """Every Python file of the tests by its path among them, parsed."""
    return _parsed(TESTS)


def _parsed(folder: Path) -> dict[str, ast.Module]:
    found = sorted(folder.rglob("*.py"))
    return {path.relative_to(folder).as_posix(): ast.parse(path.read_text("utf-8")) for path in found}
