"""The workbench's server: pages, their parts, and what they ask for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Annotated

import jinja2
from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from kinesics.errors import KinesicsError
from kinesics.report.page import skeleton_colours
from kinesics.web.api import agreement, changes, exchange, improve, privacy, recordings, reviews
from kinesics.web.context import Bench, Workbench
from kinesics.web.jobs import JobRunner
from kinesics.web.library import scan
from kinesics.web.security import HEADERS
from kinesics.web.strings import RefusedError, catalogue, choose_language

PAGES = {"/": "library", "/review": "review", "/agreement": "agreement", "/improve": "improve", "/privacy": "privacy"}
SHARED = {"tools.js", "skeleton.js", "base.css"}  # which the static report is made of as well
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
ROUTERS = tuple(part.router for part in (recordings, reviews, exchange, agreement, improve, privacy, changes))


def create_app(bench: Workbench) -> FastAPI:
    """The application that serves one project."""
    app = FastAPI(title="Kinesics workbench", version="1", docs_url=None, redoc_url=None, lifespan=_lifespan,
                  openapi_url="/api/openapi.json")  # fmt: skip
    app.state.workbench = bench
    app.state.stopping = threading.Event()
    app.middleware("http")(_guarded)
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(KinesicsError, _mistaken)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _missing)
    for router in ROUTERS:
        app.include_router(router)
    for path, name in PAGES.items():
        app.add_api_route(path, _page(name), include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/assets/{name:path}", _asset, include_in_schema=False)
    app.add_api_route("/login", _login_page, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route("/login", _login, methods=["POST"], include_in_schema=False, response_class=HTMLResponse)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Jobs run while the server does, and the folder is looked through at its start."""
    bench: Workbench = app.state.workbench
    runner = JobRunner(bench.project, bench.sessions)
    runner.start()
    threading.Thread(target=scan, args=(bench.project, bench.sessions), daemon=True).start()
    yield
    await asyncio.to_thread(runner.stop)


async def _guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Nobody gets past without the token; every answer tells the browser what it may do."""
    gate = request.app.state.workbench.gate
    given = request.query_params.get("token", "") if request.url.path in PAGES else ""
    shown = (request.cookies.get(gate.cookie, ""), "" if gate.password else given)
    key = gate.refusal(request.method, request.url.path, request.headers, shown)
    if key == "refused.password" and request.method == "GET" and request.url.path in PAGES:
        response: Response = RedirectResponse("/login", 303)
    elif key:
        response = _say(request, RefusedError(403 if key in ("refused.host", "refused.origin") else 401, key))
    else:
        response = await answer(request)
        if not gate.password and given and gate.knows(given):
            response.set_cookie(gate.cookie, gate.token, httponly=True, samesite="strict")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _say(request: Request, refusal: RefusedError) -> Response:
    """A refusal in one line: as a page where somebody looks at it, else as data."""
    text = refusal.text(_language(request))
    if request.headers.get("sec-fetch-dest") == "document" or request.url.path in PAGES:
        return HTMLResponse(_render(request, "refused", message=text), refusal.status)
    return JSONResponse({"message": text, "key": refusal.key}, refusal.status)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _say(request, error)


async def _mistaken(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": str(error), "key": "mistake"}, 422)


async def _invalid(request: Request, error: Exception) -> Response:
    """Which field is wrong and why, without what was sent: it may be anything."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0] if error.errors() else {"loc": (), "msg": ""}
    place = ".".join(str(part) for part in first["loc"]).encode("ascii", "replace").decode()[:80]
    why = str(first["msg"]).encode("ascii", "replace").decode()[:200]
    return _say(request, RefusedError(422, "refused.invalid", place=place, why=why))


async def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    key = {404: "refused.no_page", 405: "refused.no_method"}.get(error.status_code, "refused.request")
    response = _say(request, RefusedError(error.status_code, key))
    response.headers.update(error.headers or {})
    return response


def _page(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return HTMLResponse(_render(request, name))

    return page


async def _login_page(request: Request) -> Response:
    return HTMLResponse(_render(request, "login", wrong=False))


async def _login(request: Request, bench: Bench, password: Annotated[str, Form(max_length=1000)]) -> Response:
    if not await asyncio.to_thread(bench.gate.admits, password):
        return HTMLResponse(_render(request, "login", wrong=True), 401)
    response = RedirectResponse("/", 303)
    response.set_cookie(bench.gate.cookie, bench.gate.token, httponly=True, samesite="strict")
    return response


async def _asset(request: Request, name: str) -> Response:
    """A part of the pages; only those that are there by name, so that no path leads elsewhere."""
    content = _assets().get(name)
    if content is None:
        return _say(request, RefusedError(404, "refused.no_page"))
    kind = KINDS[name[name.rindex(".") :]]
    return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})


@cache
def _assets() -> dict[str, bytes]:
    """All parts by their names, read once."""
    found: dict[str, bytes] = {"colours.css": skeleton_colours().encode()}
    for folder, prefix in (("", ""), ("vendor/vis-timeline", "vendor/vis-timeline/")):
        place = files("kinesics.web") / "assets" / folder if folder else files("kinesics.web") / "assets"
        found |= {f"{prefix}{one.name}": one.read_bytes() for one in place.iterdir() if _kind(one.name)}
    shared = files("kinesics.report") / "assets"
    return found | {name: (shared / name).read_bytes() for name in SHARED}


def _kind(name: str) -> bool:
    return any(name.endswith(kind) for kind in KINDS)


def _language(request: Request) -> str:
    return choose_language(request.headers.get("accept-language", ""))


def _render(request: Request, name: str, **values: object) -> str:
    language = _language(request)
    texts = catalogue(language)
    return _templates().get_template(f"{name}.html.j2").render(
        t=texts, texts=texts, language=language, **values
    )  # fmt: skip


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("kinesics.web", "assets"), autoescape=True, undefined=jinja2.StrictUndefined
    )
