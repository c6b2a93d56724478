"""The database: the migrations make what the tables say, and a foreign file is refused in one line."""

import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kinesics.errors import KinesicsError
from kinesics.web.database import DATABASE, open_database
from kinesics.web.tables import Coder, Table


def test_the_migrations_make_what_the_tables_say(tmp_path):
    with open_database(tmp_path)() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []


def test_opening_again_keeps_what_is_there(tmp_path):
    with open_database(tmp_path).begin() as session:
        session.add(Coder(name="anna", agreed=False))
    with open_database(tmp_path)() as session:
        assert session.get(Coder, 1).name == "anna"


def test_a_commit_is_on_the_disk_and_readers_do_not_wait(tmp_path):
    with open_database(tmp_path)() as session:
        connection = session.connection()
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_no_database_is_refused_in_one_line(tmp_path):
    (tmp_path / DATABASE).write_text("a letter, and a long one at that " * 99)
    with pytest.raises(KinesicsError, match=r"expected the workbench's database.*move it away"):
        open_database(tmp_path)


def test_a_database_of_a_later_version_is_refused(tmp_path):
    open_database(tmp_path)
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(KinesicsError, match="use the version of Kinesics that wrote it"):
        open_database(tmp_path)
