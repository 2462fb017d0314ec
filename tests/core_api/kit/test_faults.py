import pytest

from core_api.kit.faults import described

pytestmark = pytest.mark.unit

SECRET = "王小明 13800138000"


def _raise() -> None:
    raise ValueError(SECRET)


def _raise_again(*, hide: bool) -> None:
    try:
        _raise()
    except ValueError as error:
        raise RuntimeError(SECRET) from (None if hide else error)


class TestDescribed:
    def test_tells_class_and_place_and_not_the_message(self) -> None:
        with pytest.raises(ValueError, match="王小明") as caught:
            _raise()
        told = described(caught.value)
        assert told.startswith("ValueError at tests/core_api/kit/test_faults.py:")
        assert "_raise" in told
        assert "王小明" not in told
        assert "138" not in told

    def test_tells_causes(self) -> None:
        with pytest.raises(RuntimeError) as caught:
            _raise_again(hide=False)
        assert " <- ValueError at " in described(caught.value)

    def test_leaves_out_what_was_hidden(self) -> None:
        with pytest.raises(RuntimeError) as caught:
            _raise_again(hide=True)
        assert "ValueError" not in described(caught.value)

    def test_opens_groups(self) -> None:
        with pytest.raises(ExceptionGroup) as caught:
            raise ExceptionGroup(SECRET, [ValueError(SECRET), OSError()])
        assert "ExceptionGroup" in described(caught.value)
        assert "of 2: ValueError" in described(caught.value)
        assert "王小明" not in described(caught.value)
