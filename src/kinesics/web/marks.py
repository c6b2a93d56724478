"""Marks, and the edits that change them: what the page sends, and what a tier's history is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kinesics.reading import MOST_SECONDS
from kinesics.timeline.coding import tidy
from kinesics.web.tables import Mark

Status = Literal["open", "accepted", "rejected"]
OPEN: Status = "open"
ACCEPTED: Status = "accepted"
REJECTED: Status = "rejected"


def _writable(text: str) -> str:
    """As it is; ValueError for half letters, which no file can hold."""
    text.encode("utf-8")
    return text


def _label(text: str) -> str:
    if not (label := tidy(_writable(text))):
        raise ValueError("a label has letters")
    return label


Text = Annotated[str, Field(max_length=2000), AfterValidator(_writable)]
Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_label)]
Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS, allow_inf_nan=False)]
Uid = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Origin(BaseModel):
    """A proposal as Kinesics made it."""

    model_config = ConfigDict(extra="forbid")
    label: Label
    start: Seconds
    end: Seconds
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class MarkFields(BaseModel):
    """What a mark is: who does what from when to when, and what its coder thinks of it."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)
    label: Label
    start: Seconds
    end: Seconds
    person: Annotated[int, Field(ge=0, le=10_000)] = 0
    status: Status = ACCEPTED
    note: Text = ""
    origin: Origin | None = None

    @model_validator(mode="after")
    def _in_order(self) -> MarkFields:
        if not self.start < self.end:
            raise ValueError("a mark ends after it starts")
        return self


class Change(BaseModel):
    """What becomes of one mark: new fields, or None where it goes."""

    model_config = ConfigDict(extra="forbid")
    uid: Uid
    after: MarkFields | None


class NewEdit(BaseModel):
    """One edit of a tier, made on the version that its page has."""

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int, Field(ge=0, le=2**53)]
    kind: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    changes: Annotated[list[Change], Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _once_each(self) -> NewEdit:
        if len({change.uid for change in self.changes}) < len(self.changes):
            raise ValueError("an edit changes a mark once")
        return self


def fields_of(mark: Mark) -> dict[str, Any]:
    """The fields of a stored mark, as plain data."""
    return MarkFields.model_validate(mark).model_dump()
