"""A streaming transducer of three tokens in sherpa-onnx's own format: 没 when it grows loud, then 有."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TOKENS = ("<blk>", "没", "有")
HEARD = "没有"
LOUD = 0.0
"""Mean of the log mel energies above which something is said; sherpa-onnx's own normalised samples."""
FRAMES, CHUNK = 9, 4


def write(folder: Path) -> Path:
    """Writes tokens, encoder, decoder and joiner."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.txt").write_text("".join(f"{word} {at}\n" for at, word in enumerate(TOKENS)), encoding="utf-8")
    lstm = {"model_type": "lstm", "num_encoder_layers": 1, "T": FRAMES, "decode_chunk_len": CHUNK}
    _save(folder / "encoder.onnx", _encoder(), {**lstm, "rnn_hidden_size": 2, "d_model": 2})
    _save(folder / "decoder.onnx", _decoder(), {"vocab_size": len(TOKENS), "context_size": 2})
    _save(folder / "joiner.onnx", _joiner(), {"joiner_dim": len(TOKENS)})
    return folder


def _save(path: Path, graph: onnx.GraphProto, about: dict[str, object]) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in about.items()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _encoder() -> onnx.GraphProto:
    """How loud the chunk is, 0 to 1, for each of the joiner's dimensions."""
    state = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "N", 2]) for name in ("h", "c")]
    kept = [helper.make_tensor_value_info(f"next_{name}", TensorProto.FLOAT, [1, "N", 2]) for name in ("h", "c")]
    return helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2], keepdims=1),
            helper.make_node("Sub", ["mean", "loud"], ["over"]),
            helper.make_node("Mul", ["over", "steep"], ["above"]),
            helper.make_node("Sigmoid", ["above"], ["level"]),
            helper.make_node("Concat", ["level"] * len(TOKENS), ["encoder_out"], axis=2),
            helper.make_node("Identity", ["h"], ["next_h"]),
            helper.make_node("Identity", ["c"], ["next_c"]),
        ],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", FRAMES, 80]), *state],
        [helper.make_tensor_value_info("encoder_out", TensorProto.FLOAT, ["N", 1, len(TOKENS)]), *kept],
        [
            numpy_helper.from_array(np.array([at], dtype=np.float32), name)
            for name, at in (("loud", LOUD), ("steep", 8))
        ],
    )


def _decoder() -> onnx.GraphProto:
    """Which token came last."""
    table = numpy_helper.from_array(np.eye(len(TOKENS), dtype=np.float32), "table")
    return helper.make_graph(
        [
            helper.make_node("Gather", ["y", "last"], ["token"], axis=1),
            helper.make_node("Gather", ["table", "token"], ["decoder_out"], axis=0),
        ],
        "decoder",
        [helper.make_tensor_value_info("y", TensorProto.INT64, ["N", 2])],
        [helper.make_tensor_value_info("decoder_out", TensorProto.FLOAT, ["N", len(TOKENS)])],
        [table, numpy_helper.from_array(np.array(1, dtype=np.int64), "last")],
    )


def _joiner() -> onnx.GraphProto:
    """没 after nothing and 有 after 没, both only while it is loud."""
    shift = np.array([[0, -10, -10]], dtype=np.float32)
    after = np.array([[0, 20, 0], [0, 0, 20], [0, 0, 0]], dtype=np.float32)
    size = ["N", len(TOKENS)]
    return helper.make_graph(
        [
            helper.make_node("MatMul", ["decoder_out", "after"], ["next"]),
            helper.make_node("Mul", ["next", "encoder_out"], ["louder"]),
            helper.make_node("Add", ["louder", "shift"], ["logit"]),
        ],
        "joiner",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name in ("encoder_out", "decoder_out")],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, size)],
        [numpy_helper.from_array(after, "after"), numpy_helper.from_array(shift, "shift")],
    )
