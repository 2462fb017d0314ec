"""What may be said of an exception in a log: its class and where in the code it came from, never its message.

A library puts into its messages what it was given: a row, a body, a name.
"""

from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

ROOT = Path(__file__).resolve().parents[2]
FRAMES_KEPT = 12
CAUSES_KEPT = 5


def described(error: BaseException) -> str:
    """Classes and code locations, the innermost frame first, of an error and what caused it."""
    return " <- ".join(_one(each) for each in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    for _ in range(CAUSES_KEPT):
        if following is None:
            return
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def _one(error: BaseException) -> str:
    inner = f" of {len(error.exceptions)}: {_one(error.exceptions[0])}" if isinstance(error, BaseExceptionGroup) else ""
    return f"{type(error).__name__}{_places(error)}{inner}"


def _places(error: BaseException) -> str:
    places = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return f" at {', '.join(places[: -FRAMES_KEPT - 1 : -1])}" if places else ""


def _short(file: str) -> str:
    """The path in our tree, or from the package's folder on."""
    path = Path(file)
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    return str(Path(*path.parts[-2:]))
