"""Directions that import-linter's contracts do not express: rooms of a slice, doors of packages and vendors, sizes."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
PACKAGES = ("huifang", "campaigns", "telephony", "assistant", "dialogs", "knowledge", "core_api")
MAX_LINES = 400
DOORS = {
    "twilio": ("telephony/carriers/", "telephony/simulator/"),
    "pipecat": ("telephony/",),
    "websockets": ("telephony/carriers/asterisk/", "telephony/people/relay.py", "telephony/simulator/"),
    "pydub": ("telephony/",),
    "soundfile": ("telephony/prompts/",),
    "openpyxl": ("core_api/imports/", "knowledge/exchange/"),
    "docx": ("knowledge/exchange/",),
    "faiss": ("knowledge/search/",),
    "jieba": ("knowledge/search/",),
    "safetensors": ("assistant/safety/", "knowledge/search/"),
    "sentence_transformers": ("knowledge/encoding/",),
    "fhir": ("core_api/questionnaires/", "core_api/responses/"),
    "rasa_sdk": ("dialogs/",),
    "cn2an": ("dialogs/understanding/", "telephony/speech/"),
    "jionlp": ("dialogs/understanding/",),
    "celery": ("campaigns/", "huifang/"),
    "redis": ("huifang/throttling.py",),
    "argon2": ("core_api/identity/",),
}


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "dialogs/rasa/" not in path.as_posix():
                yield path


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@cache
def _importers() -> tuple[tuple[str, str], ...]:
    return tuple((path.relative_to(ROOT).as_posix(), name) for path in _sources() for name in _imports(path))


class TestASlice:
    def test_keeps_its_tables_and_queries_to_itself(self) -> None:
        leaks = []
        for importer, name in _importers():
            parts = name.split(".")
            rooms = [place for place, part in enumerate(parts) if place >= 2 and part in {"models", "repository"}]
            if not rooms or parts[0] not in PACKAGES or parts[1] == "kit":
                continue
            if not importer.startswith("/".join(parts[: rooms[0]]) + "/"):
                leaks.append(f"{importer} imports {name}")
        assert sorted(set(leaks)) == []


class TestAPackage:
    def test_is_entered_by_its_api_only(self) -> None:
        leaks = []
        for importer, name in _importers():
            parts = name.split(".")
            foreign = parts[0] in PACKAGES and not importer.startswith(f"{parts[0]}/")
            doored = foreign and parts[0] not in {"core_api", "huifang"} and len(parts) > 1
            if doored and "api" not in parts[1:3]:
                leaks.append(f"{importer} imports {name}")
        assert sorted(set(leaks)) == []


class TestAVendor:
    @pytest.mark.parametrize("vendor", sorted(DOORS))
    def test_has_its_own_door(self, vendor: str) -> None:
        outside = {
            importer
            for importer, name in _importers()
            if name.split(".")[0] == vendor and not importer.startswith(DOORS[vendor])
        }
        assert outside == set()


class TestAFile:
    def test_stays_short_enough_to_be_read_at_once(self) -> None:
        long = {
            path.relative_to(ROOT).as_posix(): lines
            for path in _sources()
            if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES
        }
        assert long == {}
