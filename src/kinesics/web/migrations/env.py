"""What Alembic runs: the steps that are missing, on the connection that `kinesics.web.database` gives it."""

from alembic import context

from kinesics.web.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
