"""What changes while a page is open, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from kinesics.web.context import Bench, Workbench
from kinesics.web.jobs import job_rows
from kinesics.web.tables import Review, StoredRecording

router = APIRouter(prefix="/api", tags=["changes"])
_PAUSE, _HEARTBEAT = 0.3, 50  # seconds between two looks; looks until a sign of life


@router.get("/changes", response_class=StreamingResponse, include_in_schema=False)
async def changes(request: Request, bench: Bench) -> StreamingResponse:
    """Jobs, versions of tiers, and how many recordings there are, whenever any of it changes."""
    return StreamingResponse(_stream(request, bench), media_type="text/event-stream")


@router.get("/now")
def now(bench: Bench) -> dict[str, Any]:
    """The same, once."""
    return _snapshot(bench)


async def _stream(request: Request, bench: Workbench) -> AsyncIterator[str]:
    last = ""
    silent = 0
    while not await request.is_disconnected() and not request.app.state.stopping.is_set():
        current = json.dumps(await run_in_threadpool(_snapshot, bench))
        silent = 0 if current != last else silent + 1
        if current != last:
            yield f"data: {current}\n\n"
        elif silent % _HEARTBEAT == 0:
            yield ": still there\n\n"
        last = current
        await asyncio.sleep(_PAUSE)


def _snapshot(bench: Workbench) -> dict[str, Any]:
    with bench.sessions() as session:
        recordings = session.execute(select(StoredRecording.id, StoredRecording.analysed, StoredRecording.duration))
        reviews = session.execute(select(Review.id, Review.version))
        return {
            "jobs": job_rows(session),
            "library": hash(tuple(tuple(row) for row in recordings)),
            "reviews": {str(number): version for number, version in reviews},
        }
