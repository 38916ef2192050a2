"""Alembic's entry: `storage.migrate` hands over the connection."""

from alembic import context

from app.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
    user_module_prefix="tables.",
)
with context.begin_transaction():
    context.run_migrations()
