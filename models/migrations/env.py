"""How Alembic runs here: on the connection, and in the transaction, of whoever opens the store."""

from alembic import context

from models.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a column; there a table is made anew and filled.
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
