"""The acoustic model: a time-delay network with residual connections, a third of the frame rate, CTC outputs.

A batch is one long row of frames, utterances behind each other with copies of their edge frames between. So a layer's
spliced input is a view of its input, every product has one shape, and processors with bfloat16 units are kept busy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tools.speech_model.features import CEPS
from tools.speech_model.units import UNITS

SUBSAMPLING = 3
FIRST_FRAMES = 7
SPLICED = 3
DROPPED = (0, 3)


def _has_bfloat16() -> bool:
    """Without units for it, bfloat16 is many times slower than float32."""
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(encoding="utf-8") if cpu.exists() else ""
    return torch.cuda.is_available() or "avx512_bf16" in flags or "amx_bf16" in flags


PRECISION = torch.bfloat16 if _has_bfloat16() else torch.float32


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        width: Channels of every layer.
        layers: Residual layers; each looks three frames of 10 ms further to both sides.
    """

    width: int = 224
    layers: int = 7

    @property
    def context(self) -> int:
        """Frames that the network looks at to either side."""
        return SUBSAMPLING * (1 + self.layers)

    @property
    def reaches(self) -> tuple[int, ...]:
        """Per residual layer its reach in frames of 10 ms."""
        return (SUBSAMPLING,) * self.layers


class Spliced(torch.autograd.Function):
    """An affine without bias over three neighbouring rows."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor) -> Tensor:  # noqa: ANN401 - torch's own context
        """Shapes (n, channels) and (outputs, 3 * channels) to (n - 2, outputs)."""
        ctx.save_for_backward(rows, weight)
        return _view(rows, SPLICED, 1) @ weight.t()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        rows, weight = ctx.saved_tensors
        (grad,) = grads
        grad = grad.contiguous()
        spread = grad @ weight
        count, channels = len(grad), rows.shape[1]
        back = torch.zeros_like(rows)
        for place in range(SPLICED):
            back[place : place + count] += spread[:, place * channels : (place + 1) * channels]
        return back, grad.t() @ _view(rows, SPLICED, 1)


class Layer(nn.Module):
    """Affine, batch norm, ReLU."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.affine = nn.Linear(inputs, width, bias=False)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, rows: Tensor, *, first: bool) -> Tensor:
        """The first layer takes rows spliced already; beside the others' output their input passes through."""
        weight = self.affine.weight.to(PRECISION)
        if first:
            return torch.relu(self.norm(rows @ weight.t()))
        return torch.relu(self.norm(Spliced.apply(rows, weight))) + rows[1:-1]


class Network(nn.Module):
    """Features to log probabilities of the blank and the units.

    Args:
        shape: Sizes.
        dropout: Share of channels dropped while training.
    """

    def __init__(self, shape: Shape, dropout: float = 0.05) -> None:
        super().__init__()
        self.shape = shape
        self.dropout = dropout
        self.register_buffer("mean", torch.zeros(CEPS))
        self.register_buffer("scale", torch.ones(CEPS))
        first = Layer(CEPS * FIRST_FRAMES, shape.width)
        rest = [Layer(SPLICED * shape.width, shape.width) for _ in range(shape.layers)]
        self.layers = nn.ModuleList([first, *rest])
        self.output = nn.Linear(shape.width, len(UNITS) + 1)

    def forward(self, features: Tensor, wanted: Tensor) -> Tensor:
        """Log probabilities of chosen outputs.

        Args:
            features: Shape (frames, 40), a multiple of three.
            wanted: Numbers of outputs, any shape; output n looks at the frames around 3 * n + context.

        Returns:
            Shape (*wanted.shape, 60).
        """
        normal = ((features - self.mean) * self.scale).to(PRECISION)
        rows = _view(normal, FIRST_FRAMES, SUBSAMPLING)
        for number, layer in enumerate(self.layers):
            rows = layer(rows, first=number == 0)
            if self.training and number in DROPPED:
                rows = nn.functional.dropout(rows, self.dropout)
        return torch.log_softmax(self.output(rows[wanted].float()), dim=-1)


def _view(rows: Tensor, frames: int, step: int) -> Tensor:
    """Neighbouring rows side by side, without copying."""
    count = (len(rows) - frames) // step + 1
    channels = rows.shape[1]
    return rows.as_strided((count, frames * channels), (step * channels, 1))


def output_frames(frames: int) -> int:
    """How many outputs come of so many frames."""
    return (frames + SUBSAMPLING - 1) // SUBSAMPLING


def room_for(frames: int, gap: int) -> int:
    """Rows that an utterance takes in a batch with so many copies of its edge frames on either side."""
    return output_frames(frames) * SUBSAMPLING + 2 * gap


def lay_out(features: Sequence[Tensor], total: int, context: int, gap: int) -> tuple[Tensor, Tensor]:
    """Lays utterances behind each other.

    Args:
        features: Each (frames, 40).
        total: Rows in all, without the outer context.
        context: The network's.
        gap: Copies of the edge frames on either side; a multiple of three.

    Returns:
        Rows, shape (total + 2 * (context - gap), 40), and the number of the output of each utterance's first frame.
    """
    outer = context - gap
    parts = [features[0][:1].expand(outer, -1)]
    firsts, used = [], 0
    for one in features:
        rows = room_for(len(one), gap)
        index = torch.arange(-gap, rows - gap).clamp(0, len(one) - 1)
        parts.append(one[index])
        firsts.append((outer + used + gap - context) // SUBSAMPLING)
        used += rows
    parts.append(features[-1][-1:].expand(total - used + outer, -1))
    return torch.cat(parts), torch.tensor(firsts)
