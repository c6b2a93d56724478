"""A hook for mkdocs: a page of the API for each room, and pages that stand elsewhere in the repository.

Links in documents lead where they lead in the repository. What is no page of the site, such as a config, is left as
plain text there.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "kinesics"
GROUND = ("files", "progress", "reading", "errors")  # single files below all rooms
LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?P<path>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for path, uri in elsewhere().items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    for uri, content in api().items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages."""
    source = page.file.abs_src_path
    return LINK.sub(lambda link: _link(link, Path(source), page.file.src_uri), markdown) if source else markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let long names of the package break after a dot."""
    return re.sub(r"<code>kinesics(?:\.\w+)+</code>", lambda name: name[0].replace(".", ".<wbr>"), html)


def elsewhere() -> dict[Path, str]:
    """Documents outside docs/, and the place of each in the site."""
    results = {path: f"results/{path.name}" for path in sorted((ROOT / "benchmarks" / "results").glob("*.md"))}
    return results | {ROOT / f"{name}.md": f"{name.lower()}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")}


def api() -> dict[str, str]:
    """The pages of the API: one a room, one for the ground, and a list of all."""
    rooms = [PACKAGE / name for name in _rooms()]
    pages = {f"api/{room.name}.md": _page(room.name, room, sorted(room.rglob("*.py"))) for room in rooms}
    pages["api/ground.md"] = _page(
        "files, progress, reading, errors", PACKAGE, [PACKAGE / f"{name}.py" for name in GROUND]
    )
    lines = [f"| [{room.name}]({room.name}.md) | {_sentence(room / '__init__.py')} |" for room in rooms]
    lines += [f"| [{name}](ground.md#kinesics.{name}) | {_sentence(PACKAGE / f'{name}.py')} |" for name in GROUND]
    top = "# The API by room\n\n::: kinesics\n    options: {members: false}\n\n"
    return pages | {"api/index.md": top + "| room | what is in it |\n|---|---|\n" + "\n".join(lines) + "\n"}


def _rooms() -> list[str]:
    """The rooms from the top of the house, as import-linter's contract lists them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [name for layer in layers for name in re.split(r"\W+", layer) if (PACKAGE / name).is_dir()]


def _page(title: str, room: Path, modules: list[Path]) -> str:
    parts = [f"# {title}"]
    for path in modules:
        parts_of_name = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if path.name == "__init__.py":
            parts_of_name, own = parts_of_name[:-1], _own_members(path)
            if _docstring(path) or own:
                parts.append(f"::: {'.'.join(parts_of_name)}\n    options: {{members: {own or 'false'}}}")
        elif not path.name.startswith("_"):
            parts.append(f"::: {'.'.join(parts_of_name)}")
    return "\n\n".join(parts) + "\n"


def _own_members(path: Path) -> list[str]:
    """Public functions and classes that a package's `__init__` defines itself."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    body = ast.parse(path.read_text("utf-8")).body
    return [node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_")]


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


def _sentence(path: Path) -> str:
    return " ".join(_docstring(path).split("\n\n")[0].split())


def _link(link: re.Match[str], source: Path, uri: str) -> str:
    target = (source.parent / link["path"]).resolve()
    if target == ROOT / "README.md":
        place = "index.md"
    elif target in elsewhere():
        place = elsewhere()[target]
    elif target.is_relative_to(DOCS):
        place = target.relative_to(DOCS).as_posix()
    elif target.exists():
        return link["text"]
    else:
        return link[0]  # mkdocs says that it leads nowhere
    return f"[{link['text']}]({os.path.relpath(place, Path(uri).parent)}{link['anchor'] or ''})"
