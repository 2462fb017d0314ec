"""Where database servers and Redis are in this run: those that `make test` started, else the standard ports."""

import os

SERVERS = {
    "postgresql": os.environ.get(
        "HUIFANG_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("HUIFANG_TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/?charset=utf8mb4"),
}
REDIS_URL = os.environ.get("HUIFANG_TEST_REDIS_URL", "redis://127.0.0.1:6379/11")
