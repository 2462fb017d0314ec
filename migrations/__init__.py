"""The schema's history (Alembic) and the one way to bring a database up to date."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

FOLDER = Path(__file__).parent
ROOTS = ("core_api", "knowledge", "dialogs", "assistant", "telephony", "campaigns")
TABLE_MODULES = {"models", "outbox"}


def load_models() -> None:
    """Imports every slice's tables, so that the metadata is whole."""
    for root in ROOTS:
        package = importlib.import_module(root)
        for module in pkgutil.walk_packages(package.__path__, f"{root}."):
            if module.name.rsplit(".", 1)[-1] in TABLE_MODULES and ".rasa." not in module.name:
                importlib.import_module(module.name)


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest revision; does nothing where it is there already."""
    with engine.connect() as connection, _foreign_keys_at_rest(connection):
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


@contextmanager
def _foreign_keys_at_rest(connection: Connection) -> Iterator[None]:
    """SQLite changes a column by building its table anew, which foreign keys in force would not allow.

    The procedure is SQLite's own (sqlite.org/lang_altertable.html, section 7); outside a transaction only.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection
    if raw is None:
        raise RuntimeError
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        raw.execute("PRAGMA foreign_keys=ON")
