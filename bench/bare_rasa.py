"""A Rasa with one rule and one fixed answer: what the engine itself takes, without anything of ours."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.stack import free_port, wait_for
from tools import environments, model

FILES: Mapping[str, str] = {
    "config.yml": """recipe: default.v1
assistant_id: bare
language: zh
pipeline:
  - name: JiebaTokenizer
  - name: CountVectorsFeaturizer
  - name: LogisticRegressionClassifier
policies:
  - name: RulePolicy
""",
    "domain.yml": """version: "3.1"
intents: [repeat, affirm]
responses:
  utter_repeat:
    - text: 好的
""",
    "data/nlu.yml": """version: "3.1"
nlu:
  - intent: repeat
    examples: |
      - 您说什么
      - 请再说一遍
      - 没听清
  - intent: affirm
    examples: |
      - 是的
      - 对
      - 我是
""",
    "data/rules.yml": """version: "3.1"
rules:
  - rule: repeat
    steps:
      - intent: repeat
      - action: utter_repeat
""",
    "credentials.yml": "rest:\n",
    "endpoints.yml": "",
}


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Trains and serves it until the end; gives its URL."""
    python = str(environments.ensure(environments.RASA))
    env = {**model.rasa_environment(), "LOG_LEVEL": "ERROR"}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        train = [python, "-m", "rasa", "train", "--fixed-model-name", "bare"]
        subprocess.run(train, cwd=folder, env=env, check=True, capture_output=True)
        port = free_port()
        serve = [python, "-m", "rasa", "run", "--model", "models/bare.tar.gz", "-i", "127.0.0.1", "-p", str(port)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(serve, cwd=folder, env=env, stdout=quiet, stderr=quiet) as process:
            try:
                wait_for(f"http://127.0.0.1:{port}/webhooks/rest/", process)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(30)
