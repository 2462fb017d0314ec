"""Which revision a database has, and which this code wants; light, for every start."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

VERSIONS = Path(__file__).parent / "versions"
TABLE = "alembic_version"


def newest() -> str:
    """The revision that this code wants: files are named by their revision, in order."""
    return max(path.name.split("_", 1)[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def present(engine: Engine) -> str | None:
    """The revision of a database; None for one without our tables.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: It does not answer.
    """
    with engine.connect().execution_options(read_only=True) as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()  # noqa: S608 - our own name
    return None if found is None else str(found)
