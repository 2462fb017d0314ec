"""Import of generated patients: rows per second and memory, in a process of its own."""

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure

FULL_ROWS = 1_000_000
COLUMNS = ("大病历号", "姓名", "性别", "出生日期", "手机号", "院区", "科室", "治疗阶段", "语音随访同意", "备注")


def measure(scale: float) -> list[Figure]:
    rows = max(1000, int(FULL_ROWS * scale))
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        export.mkdir()
        _write(export / "patients.csv", rows)
        env = {**os.environ, "HUIFANG_DATA_DIR": str(Path(folder) / "data")}
        huifang = [sys.executable, "-m", "huifang"]
        subprocess.run([*huifang, "init"], env=env, check=True, capture_output=True)
        started = time.monotonic()
        subprocess.run([*huifang, "import", str(export), "--json"], env=env, check=True, capture_output=True)
        seconds = time.monotonic() - started
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    note = f"{rows} rows"
    return [
        Figure("import, rows per second", rows / seconds, "rows/s", ">= 1667 (1,000,000 in 10 min)", note),
        Figure("import, resident memory at most", peak_mib, "MiB", "<= 500", note),
    ]


def _write(path: Path, rows: int) -> None:
    chance = random.Random(1)
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            phone = f"154{chance.randrange(10**8):08d}"
            row = (f"B{number:08d}", "林晓燕", "女", "1990-05-06", phone, "越秀院区", "生殖中心", "建档", "是", "")
            writer.writerow(row)
