"""Tries a sherpa-onnx model out in a process of its own: `python -m telephony.speech.sherpa_probe FOLDER`."""

import sys
from pathlib import Path

from telephony.speech.recognition import RecognitionUnavailable
from telephony.speech.sherpa_model import try_out

if __name__ == "__main__":
    try:
        try_out(Path(sys.argv[1]))
    except RecognitionUnavailable:
        sys.exit(1)
