"""The worker knows every task that the tickers send."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from huifang import background, wiring
from huifang.settings import Settings
from tests.huifang.support import runtime_of

ACCOUNT = '[{"name": "hospital", "app_id": "wx1", "app_secret": "s", "token": "t", "aes_key": ""}]'


class TestMakeCelery:
    @pytest.mark.parametrize("accounts", ["", ACCOUNT])
    def test_registers_and_runs_what_recurs(
        self, sessions: Sessions, clock: FixedClock, tmp_path: Path, accounts: str
    ) -> None:
        settings = Settings(data_dir=tmp_path, wechat_accounts=SecretStr(accounts))
        composition = wiring.compose(settings, runtime_of(sessions, clock, tmp_path))
        app = background.make_celery(composition)
        app.finalize()
        names = {one.name for one in composition.recurring}
        assert names <= set(app.tasks)
        assert ("huifang.wechat" in names) is bool(accounts)
        for name in names:
            app.tasks[name]()
        for stop in composition.on_stop:
            stop()
