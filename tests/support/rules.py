"""The house's rules on how the source is written; each is a function that names every place where one is broken."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from support import paths, source, words
from support.source import Definition

LONGEST, MOST_PARAMETERS = 50, 9
ARRAY = re.compile(r"\b(Tensor|ndarray|NDArray|ArrayLike|\w*Array)\b")
CONFIGURED = {
    "LightningModule",
    "LightningDataModule",
    "BatchData",
    "Callback",
}  # of options of a config
HOMONYMS = {"predict", "collate", "quiet", "digest", "DEFAULT", "RATE", "STREAMS", "STRIDE"}
LADDERS = {  # at most three, each with its reason
    "models/video/i3d.py _units": "walks the layers of one published network: plain, mixed, and pools without weights",
}
ELSEWHERE = {"structure", "support", "reference", "fuzz", "faults"}  # folders of tests that mirror nothing


def undocumented() -> Iterator[str]:
    """Files, public functions and classes without a docstring, or whose first line is no sentence."""
    yield from (
        f"{file} expected a docstring of the file"
        for file, tree in source.files().items()
        if not ast.get_docstring(tree)
    )
    for found in source.definitions():
        first = found.docstring.partition("\n")[0]
        if found.public and "overload" not in found.decorators and not first.endswith((".", ":", "?")):
            yield f"{found}: expected a docstring whose first line is one sentence, found {first!r}"


def without_sections() -> Iterator[str]:
    """Public functions and classes of several arguments, or of arrays, that do not explain each of them."""
    for found in source.definitions():
        if not found.public or not (len(found.arguments) > 2 or _handles_arrays(found)):
            continue
        texts = [found.docstring, found.constructor.docstring if found.constructor else ""]
        if not any("Parameters\n----------\n" in text for text in texts):
            yield f"{found}: expected a NumPy section `Parameters`, found none"
        elif not found.is_class and _answers(found) and not re.search(r"(Returns|Yields)\n-+\n", found.docstring):
            yield f"{found}: expected a NumPy section `Returns`, found none"


def unexplained_arguments() -> Iterator[str]:
    """Arguments that a section `Parameters` leaves out or invents."""
    for found in source.definitions():
        text = found.docstring + "\n" + (found.constructor.docstring if found.constructor else "")
        section = re.search(r"Parameters\n-{10}\n(.*?)(?=\n\n\w[^\n]*\n--|\Z)", text, re.DOTALL)
        if not section or (found.is_class and found.constructor is None):
            continue
        named = re.findall(r"^([*\w][\w, *]*?)(?: ?:.*)?$", section[1], re.MULTILINE)
        explained = {name.strip("* ") for line in named for name in line.split(",")}
        there = {argument.arg for argument in found.arguments}
        if explained != there:
            yield f"{found}: expected {sorted(there)} explained, found {sorted(explained)}"


def too_long() -> Iterator[str]:
    """Functions of more lines than fit on a screen."""
    for found in source.functions():
        lines = (found.node.end_lineno or 0) - found.node.lineno + 1 - _docstring_lines(found)
        if lines > LONGEST:
            yield f"{found}: expected at most {LONGEST} lines, found {lines}"


def too_many_parameters() -> Iterator[str]:
    """Functions of more parameters than one can keep in mind, but for constructors that a config fills in."""
    configured = _descendants(CONFIGURED)
    for found in source.functions():
        if len(found.arguments) > MOST_PARAMETERS and not _configured(found, configured):
            yield f"{found}: expected at most {MOST_PARAMETERS} parameters, found {len(found.arguments)}"


def homonyms() -> Iterator[str]:
    """Public classes of one name in two files, and the functions and constants that used to be."""
    places: dict[str, list[str]] = defaultdict(list)
    for file, tree in source.files().items():
        for name in _defined(tree):
            places[name].append(file)
    for name, files in sorted(places.items()):
        if len(files) > 1:
            yield from (f"{file} {name}: expected one thing of this name, found it in {files}" for file in files)


def private_names_in_tests() -> Iterator[str]:
    """Places where a test reaches into private names of the package."""
    for file, tree in source.tests().items():
        for node in ast.walk(tree):
            if name := _private(node):
                yield f"tests/{file}:{node.lineno} {name}: a test goes through the public door"  # type: ignore[attr-defined]


def tests_elsewhere() -> Iterator[str]:
    """Test files that do not lie where the file that they test lies."""
    for file in source.tests():
        folder, _, name = file.rpartition("/")
        if not name.startswith("test_") or folder.split("/")[0] in ELSEWHERE:
            continue
        stem = name.removeprefix("test_").removesuffix(".py")
        tested = source.PACKAGE / folder / stem
        whole_folder = folder.split("/")[-1] == stem and tested.parent.is_dir()
        if not (tested.is_dir() or tested.with_suffix(".py").is_file() or whole_folder):
            yield f"tests/{file}: expected src/kinesics/{folder} to hold what it tests, found no such file or folder"


def ladders() -> Iterator[str]:
    """Functions that ask twice or more which network they were given."""
    networks = _descendants({"Module"})
    for found in source.functions():
        asked = [name for node in ast.walk(found.node) for name in _asked_for(node) if name in networks]
        if len(asked) > 1 and f"{found.file} {found.name}" not in LADDERS:
            yield f"{found}: expected a table or a method of the networks, found questions for {asked}"


def stale_names() -> Iterator[str]:
    """Names of modules and of what is in them that a document tells and the package does not have."""
    for path in sorted([*paths.DOCS.rglob("*.md"), paths.ROOT / "README.md", paths.ROOT / "CONTRIBUTING.md"]):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for name in re.findall(r"[`\[](kinesics(?:\.\w+)+)(?![\w/])", line):
                if not source.exists(name) and not name.endswith(".json"):
                    yield f"{path.relative_to(paths.ROOT)}:{number} {name}: expected a name of the package"


RULES: dict[str, Callable[[], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        undocumented,
        without_sections,
        unexplained_arguments,
        too_long,
        too_many_parameters,
        homonyms,
        private_names_in_tests,
        tests_elsewhere,
        ladders,
        stale_names,
    )
} | {"words": lambda: iter(words.uses())}


def _handles_arrays(found: Definition) -> bool:
    return any(ARRAY.search(ast.unparse(given.annotation)) for given in found.arguments if given.annotation)


def _answers(found: Definition) -> bool:
    assert not isinstance(found.node, ast.ClassDef)
    return found.node.returns is not None and ast.unparse(found.node.returns) not in ("None", "NoReturn", "Never")


def _docstring_lines(found: Definition) -> int:
    first = found.node.body[0]
    return (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(found.node) else 0


def _configured(found: Definition, configured: set[str]) -> bool:
    return found.node.name == "__init__" and bool({owner.name for owner in found.owners} & configured)


def _defined(tree: ast.Module) -> Iterator[str]:
    """Public classes of a file, and those of its functions and constants that are on the list."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from () if _hidden(node.name) else (node.name,)
        elif isinstance(node, ast.FunctionDef):
            yield from HOMONYMS & {node.name}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from HOMONYMS & {ast.unparse(target) for target in targets}


def _private(node: ast.AST) -> str | None:
    """The private name that a node takes from elsewhere: by import, by attribute, or by `monkeypatch.setattr`."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kinesics"):
        return next((name.name for name in node.names if _hidden(name.name)), None)
    if isinstance(node, ast.Attribute) and _hidden(node.attr) and ast.unparse(node.value) not in ("self", "cls"):
        return None if node.attr in ("_replace", "_asdict", "_fields") else node.attr  # a named tuple's public ones
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "getattr", "delattr")):
        texts = [text.value for text in node.args[:2] if isinstance(text, ast.Constant)]
        return next((text for text in texts if isinstance(text, str) and _hidden(text.split(".")[-1])), None)
    return None


def _hidden(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _descendants(roots: set[str]) -> set[str]:
    """The package's own subclasses of classes of these names, and theirs."""
    bases = {
        found.node.name: {ast.unparse(base).split("[")[0].split(".")[-1] for base in found.node.bases}
        for found in source.definitions()
        if isinstance(found.node, ast.ClassDef)
    }
    known = set(roots)
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    return known


def _asked_for(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
        yield from (name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name))
    elif isinstance(node, ast.MatchClass):
        yield ast.unparse(node.cls).split(".")[-1]
