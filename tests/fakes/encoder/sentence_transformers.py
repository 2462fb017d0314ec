"""What `knowledge.encoding` uses of sentence-transformers: three dimensions, by what a text is about."""

import os
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

ABOUT = ("停", "票")


class SentenceTransformer:
    """Ends its process at the word 倒下, as a model out of memory does."""

    def __init__(self, folder: str, *, device: str, local_files_only: bool) -> None:
        assert os.path.isdir(folder)  # noqa: PTH112 - as the library takes it
        assert (device, local_files_only) == ("cpu", True)
        sys.stdout.write("loading\n")

    def encode(self, texts: list[str], **_more: Any) -> npt.NDArray[np.float32]:
        if any("倒下" in text for text in texts):
            os._exit(3)
        found = np.array([[float(word in text) for word in ABOUT] + [0.1] for text in texts], np.float32)
        unit: npt.NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit
