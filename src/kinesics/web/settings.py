"""What holds for the whole project."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.web.tables import Setting


class ProjectSettings(BaseModel):
    """The project's choices.

    Attributes
    ----------
    people : whom an analysis looks at.
    blur : how faces are hidden in all that an analysis writes and the page shows; "skeleton" shows no image at all.
    weights : adapted weights in the project's folder, "" for those that are shipped.
    """

    model_config = ConfigDict(extra="forbid")
    people: Literal["largest", "all"] = "all"
    blur: Literal["", "mosaic", "fill", "skeleton"] = ""
    weights: Annotated[str, Field(max_length=255)] = ""


def read_settings(session: Session) -> ProjectSettings:
    """The choices that were made, with the usual ones for all others."""
    known = {one.key: one.value for one in session.scalars(select(Setting))}
    return ProjectSettings.model_validate({key: known[key] for key in ProjectSettings.model_fields if key in known})


def write_settings(session: Session, settings: ProjectSettings) -> None:
    """Remember all choices."""
    for key, value in settings.model_dump().items():
        session.merge(Setting(key=key, value=value))
