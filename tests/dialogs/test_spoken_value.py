from datetime import date

import pytest

from core_api.questionnaires.schemas import Item
from dialogs.flow.script import spoken_value

pytestmark = pytest.mark.unit


def _item(kind: str) -> Item:
    return Item.model_validate({"link_id": "asked", "type": kind, "text_chat": "？", "text_voice": "？"})


class TestSpokenValue:
    @pytest.mark.parametrize("value", [date(2026, 11, 20), "2026-11-20"])
    def test_a_day_is_said_as_people_say_it(self, value: date | str) -> None:
        assert spoken_value(_item("date"), value) == "十一月二十号"
