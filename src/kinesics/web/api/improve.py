"""What to look at next, and weights that learn from what was coded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from kinesics.web.context import MOST_ID, Bench, Db
from kinesics.web.improving import what_next
from kinesics.web.jobs import queue_jobs
from kinesics.web.settings import read_settings

router = APIRouter(prefix="/api", tags=["improve"])


@router.get("/improve")
def improve(session: Db, bench: Bench, coder: Annotated[int | None, Query(ge=1, le=MOST_ID)] = None) -> dict[str, Any]:
    """What to look at next, and which weights there are.

    Parameters
    ----------
    session : of the database.
    bench : the project that is served.
    coder : whose tiers, None for all.

    Returns
    -------
    Plain data, by kind.
    """
    found = sorted(path.name for path in bench.project.folder.glob("*.safetensors"))
    return what_next(session, coder) | {"weights": found, "chosen": read_settings(session).weights}


@router.post("/improve/adapt")
def adapt(session: Db) -> dict[str, list[int]]:
    """Adapt the weights to what was accepted and rejected; tells what it gained, or that it gained nothing."""
    return {"jobs": queue_jobs(session, "adapt", [None])}
