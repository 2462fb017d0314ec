"""Encodes texts with a sentence-transformers model of the site; runs in the `encoder` environment, which has torch.

python -m knowledge.encoding FOLDER: says {"dimensions": n} on a line, then answers each line of standard input, a JSON
list of texts, with the unit vectors as little-endian float32. Ends with its input.
"""

import json
import os
import sys
from collections.abc import Sequence

BATCH = 64


def main(arguments: Sequence[str]) -> int:
    """Serves until the input ends."""
    # What the libraries print must not come between the answers.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - after the streams are apart

    model = SentenceTransformer(arguments[0], device="cpu", local_files_only=True)
    dimensions = len(model.encode([""], show_progress_bar=False)[0])
    out.write(json.dumps({"dimensions": dimensions}).encode() + b"\n")
    out.flush()
    for line in sys.stdin:
        texts = json.loads(line)
        found = model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        out.write(found.astype("<f4").tobytes())
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
