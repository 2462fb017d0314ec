"""Writes the trained network as Kaldi's `final.mdl`; mean, variance and batch norm fold into the affines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.speech_model.features import CEPS
from tools.speech_model.kaldi import Matrix, Writer
from tools.speech_model.transitions import write_transition_model
from tools.speech_model.units import BLANK

NORM_EPS = 1e-5
BLANK_BIAS = -1.0
FIRST_REACH = 3


@dataclass(frozen=True)
class Affine:
    """An affine over frames at these offsets (of 10 ms).

    Attributes:
        weight: Shape (outputs, inputs times offsets), inputs of the earliest frame first.
        bias: Shape (outputs,).
    """

    weight: Matrix
    bias: Matrix
    offsets: tuple[int, ...]


def fold(weights: Mapping[str, Any], reaches: Sequence[int]) -> list[Affine]:
    """The network's layers as plain affines, the output layer last.

    Args:
        weights: Arrays by name, as the network's state holds them.
        reaches: The residual layers' reach in frames of 10 ms.
    """
    state = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}
    layers: list[Affine] = []
    offsets = [tuple(range(-FIRST_REACH, FIRST_REACH + 1)), *((-reach, 0, reach) for reach in reaches)]
    for number, places in enumerate(offsets):
        name = f"layers.{number}"
        gain = state[f"{name}.norm.weight"] / np.sqrt(state[f"{name}.norm.running_var"] + NORM_EPS)
        weight = state[f"{name}.affine.weight"] * gain[:, None]
        bias = state[f"{name}.norm.bias"] - state[f"{name}.norm.running_mean"] * gain
        if number == 0:
            copies = weight.shape[1] // CEPS
            weight = weight * np.tile(state["scale"], copies)
            bias = bias - weight @ np.tile(state["mean"], copies)
        layers.append(Affine(_single(weight), _single(bias), places))
    last_bias = state["output.bias"].copy()
    last_bias[BLANK] += BLANK_BIAS
    layers.append(Affine(_single(state["output.weight"]), _single(last_bias), (0,)))
    return layers


def final_mdl(layers: list[Affine]) -> bytes:
    """The file: transition model, network, context, no priors."""
    out = Writer()
    write_transition_model(out)
    _write_network(out, layers)
    context = sum(max(layer.offsets) for layer in layers)
    out.token("<LeftContext>").integer(context).token("<RightContext>").integer(context)
    out.token("<Priors>").vector(np.zeros(0, dtype=np.float32))
    return out.bytes()


def _single(values: Any) -> Matrix:  # noqa: ANN401 - an array of any kind of number
    return np.asarray(values, dtype=np.float32)


def _append(source: str, offsets: tuple[int, ...]) -> str:
    if offsets == (0,):
        return source
    return "Append(" + ", ".join(f"Offset({source}, {offset})" if offset else source for offset in offsets) + ")"


def _write_network(out: Writer, layers: list[Affine]) -> None:
    out.token("<Nnet3>").line("").line(f"input-node name=input dim={CEPS}")
    components: list[tuple[str, Affine | None, str, int]] = []
    source = "input"
    for number, layer in enumerate(layers):
        width = layer.bias.size
        name = f"affine{number}"
        out.line(f"component-node name={name} component={name} input={_append(source, layer.offsets)}")
        components.append((name, layer, "AffineComponent", width))
        if number == len(layers) - 1:
            source = _node(out, components, "output.log-softmax", name, ("LogSoftmaxComponent", width))
            break
        relu = _node(out, components, f"relu{number}", name, ("RectifiedLinearComponent", width))
        residual = number > 0
        sums = ("NoOpComponent", width)
        source = _node(out, components, f"sum{number}", f"Sum({relu}, {source})", sums) if residual else relu
    out.line(f"output-node name=output input={source} objective=linear").line("")
    out.token("<NumComponents>").integer(len(components))
    for name, affine, kind, width in components:
        out.token("<ComponentName>", name, f"<{kind}>")
        _write_component(out, affine, kind, width)
        out.token(f"</{kind}>")
    out.token("</Nnet3>")


def _node(
    out: Writer, components: list[tuple[str, Affine | None, str, int]], name: str, source: str, made: tuple[str, int]
) -> str:
    out.line(f"component-node name={name} component={name} input={source}")
    components.append((name, None, *made))
    return name


def _write_component(out: Writer, affine: Affine | None, kind: str, width: int) -> None:
    if affine is not None:
        out.token("<LearningRate>").real(0.001)
        out.token("<LinearParams>").matrix(affine.weight).token("<BiasParams>").vector(affine.bias)
    elif kind == "NoOpComponent":
        out.token("<Dim>").integer(width).token("<BackpropScale>").real(1.0)
    else:
        empty = np.zeros(0, dtype=np.float32)
        out.token("<Dim>").integer(width).token("<ValueAvg>").vector(empty).token("<DerivAvg>").vector(empty)
        out.token("<Count>").double(0.0)
        out.token("<NumDimsSelfRepaired>").double(0.0).token("<NumDimsProcessed>").double(0.0)
