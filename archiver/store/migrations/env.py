"""Alembic's entry: runs the migrations on the connection that the catalogue hands in."""

from alembic import context

from archiver.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
