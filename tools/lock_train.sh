#!/bin/sh
# Makes env/train.lock anew from env/train.in; needs uv. Further arguments go to uv.
set -eu
cd "$(dirname "$0")/.."
full=$(mktemp)
uv pip compile env/train.in --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o "$full" "$@"
python3 - "$full" <<'PY' > env/train.lock
import re, sys
# The local build without CUDA that a hospital's machine has in its wheel folder; PyPI's own are listed by uv.
CPU_BUILD = "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
print("# Full lock of the training environment for Python 3.11; installed with --no-deps.")
print("# CUDA's libraries are left out: training takes a minute without them, and torch's CPU build wants none.")
print("# Made by tools/lock_train.sh from env/train.in.")
for block in re.split(r"\n(?=[a-z0-9])", open(sys.argv[1]).read()):
    name = re.split(r"[=\s\[]", block)[0]
    if name.startswith(("nvidia-", "cuda-")) or name == "triton":
        continue
    if name == "torch":
        block = re.sub(r"(torch==[^ ;]+)(?:\+cpu)?( ;[^\\]*)? \\", r"\1\2 \\\n    --hash=sha256:" + CPU_BUILD + r" \\", block, count=1)
    print(block.rstrip())
PY
rm -f "$full"
