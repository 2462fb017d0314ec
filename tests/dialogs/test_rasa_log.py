"""Rasa's log holds no patient's word; `serve.py` runs in Rasa's own environment and is loaded here by its path."""

import importlib.util
import json
import logging
from types import ModuleType
from typing import Any

import pytest

from tools import model

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    spec = importlib.util.spec_from_file_location("serve", model.PROJECT / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(serve: ModuleType, message: str, *args: Any, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = serve.quiet_record("rasa.core", logging.ERROR, "rest.py", 1, message, args, info)
    return logging.Formatter("%(message)s").format(record)


class TestQuietRecord:
    def test_keeps_what_speaks_of_the_process(self, serve: ModuleType) -> None:
        line = "Starting Rasa server on http://127.0.0.1:8605"
        assert told(serve, line) == line
        assert (
            told(serve, "Loading model %s...", "/models/f59349a67316.tar.gz")
            == "Loading model /models/f59349a67316.tar.gz..."
        )

    def test_keeps_of_a_structured_record_its_event_only(self, serve: ModuleType) -> None:
        body = json.dumps({"text": "是我", "event": "rest.message.received.timeout", "level": "error"})
        assert told(serve, body) == "rest.message.received.timeout"

    def test_keeps_of_a_structured_error_its_class(self, serve: ModuleType) -> None:
        raised = [{"exc_type": "KeyError", "exc_value": "38.5"}]
        assert told(serve, json.dumps({"event": "rest.failed", "exception": raised})) == "rest.failed KeyError"

    @pytest.mark.parametrize(
        "message",
        [
            "Received user message '我发烧了'",
            r"text '\u6211\u53d1\u70e7'",
            "call 13800138000",
            '{"event": "我发烧了"}',
            "[1]",
        ],
    )
    def test_withholds_words_and_numbers(self, serve: ModuleType, message: str) -> None:
        assert told(serve, message) == "*"

    def test_withholds_arguments(self, serve: ModuleType) -> None:
        assert told(serve, "message %s", "我发烧了") == "*"
        assert told(serve, "a bad call %d", "我") == "*"

    def test_tells_of_an_error_where_and_what_but_not_its_words(self, serve: ModuleType) -> None:
        with pytest.raises(ValueError, match="发烧") as failure:
            int("我发烧了")
        line = told(serve, "Failed", error=failure.value)
        assert line.startswith("Failed ValueError at test_tells")
        assert "发烧" not in line
