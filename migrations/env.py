"""Alembic's entry: online only, over the connection that `migrations.upgrade` or the command line hands in."""

from alembic import context
from sqlalchemy import Connection, create_engine

from core_api.kit.db import Base
from migrations import load_models

load_models()


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "sqlite:///data/huifang.db")
    with engine.connect() as opened:
        _run(opened)
