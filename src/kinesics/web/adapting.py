"""Weights that learn from what was accepted and rejected, as a job of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from kinesics.progress import Progress
from kinesics.report.folder import LANDMARKS
from kinesics.skeleton import load_skeletons
from kinesics.skeleton.sequence import SUFFIX
from kinesics.training.adapt.adaptation import adapt
from kinesics.training.adapt.reviewed import ReviewedRecording
from kinesics.web.context import marks_of
from kinesics.web.database import Sessions
from kinesics.web.project import Project
from kinesics.web.reviewing import coded_events
from kinesics.web.tables import Coder, Review, StoredRecording

NAME = "adapted"


def adapt_weights(project: Project, sessions: Sessions, progress: Progress) -> str:
    """Adapt the shipped weights to all tiers that are done, and write them into the project's folder.

    Parameters
    ----------
    project : the folder.
    sessions : of its database.
    progress : called with the share done, 0..1.

    Returns
    -------
    What it gained, in a sentence.

    Raises
    ------
    KinesicsError
        for too few people or events, and where nothing is gained for certain.
    """
    with sessions() as session:
        recordings = list(_reviewed(project, session))
    out = _free(project.folder)
    adapted = adapt(recordings, name=out.stem, progress=progress)
    adapted.save(out)
    gain, before, after = (100 * one for one in (adapted.gain.value, adapted.before.value, adapted.after.value))
    return (
        f"{out.name}: F1 of events from {before:.1f} to {after:.1f}, a gain of {gain:.1f} points (95 % from "
        f"{100 * adapted.gain.low:.1f} to {100 * adapted.gain.high:.1f}) on people who were left out; "
        f"{sum(adapted.counts.values())} events of {adapted.people} people"
    )


def _reviewed(project: Project, session: Session) -> Iterator[ReviewedRecording]:
    """Everybody in recordings that are done: by the agreed tier where there is one, else by the first coder's."""
    query = (
        select(StoredRecording, Review)
        .join(Review, Review.recording_id == StoredRecording.id)
        .join(Coder, Review.coder_id == Coder.id)
        .where(Review.done)
        .order_by(StoredRecording.name, Coder.agreed.desc(), Coder.name)
    )
    used = set()
    for recording, review in session.execute(query):
        path = project.path_of(recording.name)
        landmarks = path if path.name.endswith(SUFFIX) else project.results_of(recording.name) / LANDMARKS
        if recording.id in used or not landmarks.is_file():
            continue
        used.add(recording.id)
        events = coded_events(marks_of(session, review))
        for number, person in enumerate(load_skeletons(landmarks)):
            whose = {person.person, 0} if number == 0 else {person.person}
            own = tuple((event.label, event.start, event.end) for event in events if event.person in whose)
            if own or number == 0:
                yield ReviewedRecording(recording.name, f"{recording.name} {person.person}", person, own)


def _free(folder: Path) -> Path:
    """A name that is not taken: adapted-1.safetensors, and so on."""
    number = 1
    while (path := folder / f"{NAME}-{number}.safetensors").exists():
        number += 1
    return path
