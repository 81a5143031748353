"""MusiCNN's pooled layers (musicnn.py) for whole libraries: the same numbers as products of matrices in bfloat16, or in ONNX Runtime.

Every convolution of the network is a product of matrices over overlapping strips of its input, and a normalisation with a
positive or negative scale after a maximum is one before it with the filter's sign turned. A processor with matrix units
(AMX) then takes a tenth of the time that the convolutions take in float32. On one without, bfloat16 takes eight times as long as float32, and
ONNX Runtime half as long.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from . import musicnn_graph
from .musicnn import BANDS, EPSILON, FFT, HOP, POOLED, MusiCnn, package_folder, read_places

TALL, WIDE = (0, 1), (2, 3, 4)
REACH = 128
"""Columns that the longest filter over time spans; the shorter ones are filled with zeros around their middle."""


def matrix_units() -> bool:
    """Does this processor multiply matrices of bfloat16 faster than those of float32?"""
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def fast_musicnn(name: str = "MTT_musicnn") -> Callable[[Tensor], Tensor]:
    """The fastest form on this processor: samples [batch, n] at 16 kHz -> [batch, 2, POOLED], float32."""
    return FastMusiCnn(name) if matrix_units() else RuntimeMusiCnn(name)


class RuntimeMusiCnn:
    """The graph of the model to download, as far as its pooled layers, in ONNX Runtime on one thread."""

    def __init__(self, name: str = "MTT_musicnn") -> None:
        folder = package_folder(name)
        graph = musicnn_graph.pooled_graph(read_places(folder))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        with tempfile.TemporaryDirectory() as own:
            # ONNX Runtime looks for external data in the folder of the graph, and follows no links out of it: the weights are copied.
            (Path(own) / musicnn_graph.WEIGHTS).write_bytes((folder / musicnn_graph.DATA_FILE).read_bytes())
            onnx.save(graph, Path(own) / "pooled.onnx")
            self.session = onnxruntime.InferenceSession(
                Path(own) / "pooled.onnx", options, providers=["CPUExecutionProvider"]
            )

    def __call__(self, samples: Tensor) -> Tensor:
        # One at a time: more of them fall out of the processor's caches.
        found = [self.session.run(None, {"pcm": one[None].numpy()})[0] for one in samples]
        return torch.cat([torch.from_numpy(one) for one in found]).reshape(len(samples), 2, POOLED)


class FastMusiCnn(nn.Module):
    """Samples [batch, n] at 16 kHz -> maximum and mean over time of its layers, [batch, 2, POOLED], float32."""

    def __init__(self, name: str = "MTT_musicnn", precision: torch.dtype = torch.bfloat16) -> None:
        super().__init__()
        self.exact, self.precision = MusiCnn(name), precision
        tensors = self.exact.tensors
        self.scale, self.shift, self.bias = [], [], []
        for norm in self.exact.norms[:9]:
            get = lambda part, norm=norm: torch.from_numpy(tensors[f"{norm}/{part}"].copy())  # noqa: E731
            scale = get("gamma") / torch.sqrt(get("moving_variance") + EPSILON)
            self.scale.append(scale)
            self.shift.append(get("beta") - get("moving_mean") * scale)
        kernels = [torch.from_numpy(tensors[f"{conv}/kernel"].copy())[:, :, 0] for conv in self.exact.convs]
        self.bias = [torch.from_numpy(tensors[f"{conv}/bias"].copy()) for conv in self.exact.convs]
        # The maximum over bands is taken before the normalisation: where that turns the sign, of the negative.
        self.sign = [torch.where(scale < 0, -1.0, 1.0) for scale in self.scale[1:6]]
        self.tall = [kernels[i].flatten(0, 1) * self.sign[i] for i in TALL]
        self.tall_height = [kernels[i].shape[1] for i in TALL]
        joined = []
        for i in WIDE:
            size = kernels[i].shape[0]
            before = (REACH - 1) // 2 - (size - 1) // 2
            joined.append(nn.functional.pad(kernels[i][:, 0] * self.sign[i], (0, 0, before, REACH - size - before)))
        self.wide = torch.cat(joined, 1)
        self.deep = [kernel.flatten(0, 1) for kernel in kernels[5:8]]

    def forward(self, samples: Tensor) -> Tensor:
        spectrum = torch.stft(
            samples, FFT, HOP, window=self.exact.window, center=True, pad_mode="constant", return_complex=True
        )
        mel = torch.log10(1 + 10_000 * (self.exact.filters @ spectrum.abs() ** 2))
        x = mel.transpose(1, 2) * self.scale[0] + self.shift[0]
        return torch.stack([self._one(each) for each in x])

    def _one(self, x: Tensor) -> Tensor:
        """[columns, BANDS] -> [2, POOLED]."""
        columns = len(x)
        padded = nn.functional.pad(x, (0, 0, 3, 3)).to(self.precision)
        found = []
        for i, height in zip(TALL, self.tall_height):
            places = BANDS - height + 1
            strips = padded.as_strided((columns, places, 7, height), (BANDS, 1, BANDS, 1)).reshape(-1, 7 * height)
            most = (strips @ self.tall[i].to(self.precision)).reshape(columns, places, -1).amax(1).float()
            found.append(self._normed(most * self.sign[i] + self.bias[i], i + 1))
        long = columns + REACH - 1
        before = (REACH - 1) // 2
        turned = nn.functional.pad(x.T, (before, REACH - 1 - before)).to(self.precision).contiguous()
        strips = turned.as_strided((BANDS, columns, REACH), (long, 1, 1)).reshape(-1, REACH)
        most = (strips @ self.wide.to(self.precision)).reshape(BANDS, columns, -1).amax(0).float()
        for i, part in zip(WIDE, most.split([len(self.bias[i]) for i in WIDE], 1)):
            found.append(self._normed(part * self.sign[i] + self.bias[i], i + 1))
        before = torch.cat(found, 1)
        layers = [before]
        for i, kernel in zip((5, 6, 7), self.deep):
            width = before.shape[1]
            padded = nn.functional.pad(before, (0, 0, 3, 3)).to(self.precision).contiguous()
            strips = padded.as_strided((columns, 7 * width), (width, 1)).contiguous()
            after = self._normed((strips @ kernel.to(self.precision)).float() + self.bias[i], i + 1)
            before = after if i == 5 else after + before
            layers.append(before)
        whole = torch.cat(layers, 1)
        assert whole.shape[1] == POOLED
        return torch.stack([whole.amax(0), whole.mean(0)])

    def _normed(self, sums: Tensor, number: int) -> Tensor:
        return torch.relu(sums) * self.scale[number] + self.shift[number]
