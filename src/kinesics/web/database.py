"""The workbench's one SQLite file: opened, brought up to date, and written so that a power cut loses nothing saved."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from kinesics.errors import KinesicsError

DATABASE = "kinesics.sqlite"
Sessions = sessionmaker[Session]


def open_database(folder: Path) -> Sessions:
    """The project's database, made or brought up to date; raises KinesicsError where that cannot be."""
    path = folder / DATABASE
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
    event.listens_for(engine, "connect")(_prepare)
    try:
        _migrate(engine)
    except (DatabaseError, CommandError) as error:
        found = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise KinesicsError(
            f"{path}: expected the workbench's database, found another or a damaged file ({found}); move it away, or "
            "use the version of Kinesics that wrote it"
        ) from error
    return sessionmaker(engine, expire_on_commit=False)


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("kinesics.web") / "migrations").replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare(connection: Any, _: Any) -> None:
    """Readers do not wait for writers, and a commit is on the disk before it is answered."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
