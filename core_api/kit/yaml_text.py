"""Reading YAML: libyaml's parser where PyYAML was built with it, seven times as fast as the one in Python."""

import contextlib
from typing import Any

import yaml

FAST: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SHALLOW = 4_000
"""libyaml's binding recurses in C and ends the process at some 50,000 levels; below this many it cannot."""


def load_yaml(text: str) -> Any:  # noqa: ANN401 - whatever the text holds
    """What a text holds: plain types only.

    Raises:
        yaml.YAMLError: It is no YAML, or nested too deeply to be any file of ours.
    """
    if _most_levels(text) < SHALLOW:
        # A broken text is read again below, since only the plain loader tells the very line.
        with contextlib.suppress(yaml.YAMLError):
            return yaml.load(text, Loader=FAST)  # noqa: S506 - a safe loader
    try:
        return yaml.load(text, Loader=yaml.SafeLoader)
    except RecursionError as error:
        message = "nested too deeply"
        raise yaml.YAMLError(message) from error


def _most_levels(text: str) -> int:
    """An upper bound: each level opens a bracket, or begins farther right than the level around it (or as far)."""
    widest = max(map(len, text.splitlines()), default=0)
    return text.count("[") + text.count("{") + 2 * widest
