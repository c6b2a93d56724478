"""What the workbench remembers, as tables of one SQLite file in the project's folder."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, Float, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Float}


class StoredRecording(Table):
    """A video, or a file of landmarks, by its path within the project; facts are None until they are read."""

    __tablename__ = "recordings"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    bytes: Mapped[int]
    modified: Mapped[float]
    duration: Mapped[float | None]
    fps: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    problem: Mapped[str] = mapped_column(default="")  # why it cannot be read
    people: Mapped[int | None]
    events: Mapped[int | None]
    analysed: Mapped[float | None]  # when its timeline.json was written


class Coder(Table):
    """Somebody who codes, or `AGREED`, under whose name the coders' common result stands."""

    __tablename__ = "coders"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    agreed: Mapped[bool] = mapped_column(default=False)


class Review(Table):
    """One coder's tier of one recording. `version` grows with every change; `head` edits are in effect."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("recording_id", "coder_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), index=True)
    coder_id: Mapped[int] = mapped_column(ForeignKey("coders.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(default=0)
    head: Mapped[int] = mapped_column(default=0)
    blind: Mapped[bool] = mapped_column(default=False)
    done: Mapped[bool] = mapped_column(default=False)


class Mark(Table):
    """One event of a coder's tier: Kinesics' proposal, judged or not yet, or the coder's own."""

    __tablename__ = "marks"
    __table_args__ = (UniqueConstraint("review_id", "uid"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    uid: Mapped[str]
    label: Mapped[str]
    start: Mapped[float]
    end: Mapped[float]
    person: Mapped[int]
    status: Mapped[str]  # open, accepted or rejected
    note: Mapped[str]
    origin: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # the proposal as Kinesics made it


class Edit(Table):
    """One change of a tier, with what each of its marks was before and is after; None where there was or is none."""

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("review_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # 1 for the first
    kind: Mapped[str]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made: Mapped[float]


class CodedDocument(Table):
    """The file that a tier was imported from, as it was, so that an export can give it back with all that is in it."""

    __tablename__ = "documents"
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class QueuedJob(Table):
    """Work of minutes that a process of its own does, one after the other."""

    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    state: Mapped[str]
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    made: Mapped[float]
    finished: Mapped[float | None]


class Setting(Table):
    """A choice that holds for the whole project."""

    __tablename__ = "settings"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class Waveform(Table):
    """How loud a recording is, a byte a step; empty for one without sound."""

    __tablename__ = "waveforms"
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    rate: Mapped[float]
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
