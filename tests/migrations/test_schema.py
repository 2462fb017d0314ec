from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, make_url, text

from core_api.kit.db import Base, make_engine
from migrations import FOLDER, load_models, revisions, upgrade
from tests.servers import SERVERS


@contextmanager
def _fresh_database(server: str) -> Iterator[Engine]:
    """A database of this test's own on a server that runs on loopback."""
    url, name = make_url(SERVERS[server]), f"huifang_schema_{uuid4().hex[:8]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(url.set(database=name).render_as_string(hide_password=False))
    try:
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        admin.dispose()


def _differences(engine: Engine) -> list[object]:
    load_models()
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


class TestUpgrade:
    def test_builds_on_sqlite_what_the_models_say(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('schema') / 'new.db'}")
        upgrade(engine)
        upgrade(engine)
        assert _differences(engine) == []
        engine.dispose()

    @pytest.mark.db
    @pytest.mark.parametrize("server", sorted(SERVERS))
    def test_builds_on_a_server_what_the_models_say(self, server: str) -> None:
        with _fresh_database(server) as engine:
            upgrade(engine)
            upgrade(engine)
            assert _differences(engine) == []


class TestRevisions:
    def test_the_newest_is_the_head_of_the_history(self) -> None:
        assert revisions.newest() == ScriptDirectory(str(FOLDER)).get_current_head()

    def test_an_empty_database_has_none_and_an_upgraded_one_the_newest(self, tmp_path: Path) -> None:
        engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
        assert revisions.present(engine) is None
        upgrade(engine)
        assert revisions.present(engine) == revisions.newest()
        engine.dispose()
