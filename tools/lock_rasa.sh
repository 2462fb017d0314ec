#!/bin/sh
# Makes env/rasa.lock anew from env/rasa.in; needs uv and a Python 3.10.
set -eu
cd "$(dirname "$0")/.."
full=$(mktemp)
uv pip compile env/rasa.in --python-version 3.10 --generate-hashes --no-header --no-annotate -q -o "$full"
python3 - "$full" <<'PY' > env/rasa.lock
import re, sys
print("# Full lock of Rasa 3.6.21 for Python 3.10; installed with --no-deps.")
print("# tensorflow-cpu stands in for tensorflow; tensorflow, -text, -hub and -io are left out (nothing here uses them).")
print("# Made by tools/lock_rasa.sh from env/rasa.in.")
dropped = {"tensorflow", "tensorflow-text", "tensorflow-hub", "tensorflow-io-gcs-filesystem"}
for block in re.split(r"\n(?=[a-z0-9])", open(sys.argv[1]).read()):
    if re.split(r"[=\s\[]", block)[0] not in dropped:
        print(block.rstrip())
PY
rm -f "$full"
