"""Measures every figure, prints one line each beside its goal, and writes bench/results.json.

python -m bench [NAME ...]; BENCH_SCALE=1 measures at full size (default 0.05). `kill` runs only when it is named.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    api_load,
    campaign_calls,
    chat,
    dispatch_rate,
    finding,
    import_rows,
    kill,
    machine,
    page_load,
    plan_targets,
    speech,
    text_turns,
)
from bench.figures import Figure

DEFAULT_SCALE = 0.05
BENCHES: Mapping[str, Callable[[float], list[Figure]]] = {
    "page": page_load.measure,
    "turns": text_turns.measure,
    "api": api_load.measure,
    "dispatch": dispatch_rate.measure,
    "targets": plan_targets.measure,
    "import": import_rows.measure,
    "campaign": campaign_calls.measure,
    "chat": chat.measure,
    "finding": finding.measure,
    "speech": speech.measure,
}
SOAKS: Mapping[str, Callable[[float], list[Figure]]] = {"kill": kill.measure}
NAMED = {**BENCHES, **SOAKS}
RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    scale = float(os.environ.get("BENCH_SCALE", DEFAULT_SCALE))
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in NAMED]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMED)}", file=sys.stderr)
        return 2
    document = {"at": datetime.now(UTC).isoformat(), "scale": scale, "machine": machine.describe(), "benches": {}}
    benches: dict[str, object] = {}
    table: list[Figure] = []
    for name in names:
        benches[name], figures = _one(name, scale)
        table += figures
        RESULTS.write_text(
            json.dumps(document | {"benches": benches}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    print(f"\nFigures at scale {scale:g} (✓ met, ✗ not met); {RESULTS.relative_to(RESULTS.parents[1])} has all of it")
    for figure in table:
        print(figure.line())
    return 0


def _one(name: str, scale: float) -> tuple[dict[str, object], list[Figure]]:
    """Runs one; a benchmark that fails is told and the others go on."""
    print(f"• {name} ...", flush=True)
    begun = time.monotonic()
    with machine.Watch() as watch:
        try:
            figures = NAMED[name](scale)
        except Exception as error:  # noqa: BLE001 - the edge of a benchmark
            print(f"  failed: {type(error).__name__}: {error}", flush=True)
            return {"failed": f"{type(error).__name__}: {error}"}, []
    for figure in figures:
        print(f"  {figure.line()}", flush=True)
    print(f"    {time.monotonic() - begun:.0f} s; {watch.summary()}", flush=True)
    return {"figures": [figure.row() for figure in figures], "machine": watch.row()}, figures


if __name__ == "__main__":
    sys.exit(main())
