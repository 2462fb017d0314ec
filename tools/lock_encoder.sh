#!/bin/sh
# Makes env/encoder.lock anew from env/encoder.in; needs uv. Further arguments go to uv.
set -eu
cd "$(dirname "$0")/.."
full=$(mktemp)
uv pip compile env/encoder.in --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o "$full" "$@"
python3 - "$full" <<'PY' > env/encoder.lock
import re, sys
# PyPI's torch for Linux wants four gigabytes of CUDA; pip would take it before a local wheel of the same version.
CPU_BUILD = "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
print("# Full lock of the environment that encodes with a site's own sentence-transformers model, for Python 3.11 on x86-64.")
print("# Installed with --no-deps. torch is its CPU build, which PyPI does not have: put its wheel into a folder named by")
print("# PIP_FIND_LINKS (docs/knowledge.md). Made by tools/lock_encoder.sh from env/encoder.in.")
for block in re.split(r"\n(?=[a-z0-9])", open(sys.argv[1]).read()):
    name = re.split(r"[=\s\[]", block)[0]
    if name.startswith(("nvidia-", "cuda-")) or name == "triton":
        continue
    if name == "torch":
        version = re.match(r"torch==([^+ ;]+)", block)[1]
        block = f"torch=={version}+cpu \\\n    --hash=sha256:{CPU_BUILD}"
    print(block.rstrip())
PY
rm -f "$full"
