"""Measures every figure, prints one line each beside its goal, and writes bench/results.json.

python -m bench [NAME ...]; BENCH_SCALE=1 measures at full size (default 0.05).
"""

import json
import os
import platform
import sys
from pathlib import Path

from bench import import_rows, text_turns

DEFAULT_SCALE = 0.05
BENCHES = {"import": import_rows.measure, "turns": text_turns.measure}
RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    scale = float(os.environ.get("BENCH_SCALE", DEFAULT_SCALE))
    figures = []
    for name in sys.argv[1:] or BENCHES:
        print(f"• {name} ...", flush=True)
        for figure in BENCHES[name](scale):
            print(f"  {figure.line()}", flush=True)
            figures.append(figure)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    document = {"scale": scale, "machine": machine, "figures": [figure.row() for figure in figures]}
    RESULTS.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
