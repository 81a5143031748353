"""MusiCNN (Pons and Serra 2019, ISC licence; weights in the PyPI package musicnn 0.1.0) in PyTorch.

It is the teacher of the timbre branch and a baseline of the evaluation. The weights are read from TensorFlow's checkpoint
format without TensorFlow; the layers follow the package's models.py.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

BANDS, FFT, HOP = 96, 512, 256
POOLED = 2 * 204 + 3 * 51 + 3 * 64
"""Filters over timbre (two sizes), over time (three), and of the layers after them."""
EPSILON = 1e-3
"""Of TensorFlow's batch normalisation."""


DATA_FILE = ".data-00000-of-00001"
"""Name of the weights in a checkpoint's folder."""


def package_folder(name: str = "MTT_musicnn") -> Path:
    """Folder of a checkpoint in the installed package."""
    spec = importlib.util.find_spec("musicnn")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("Cannot load MusiCNN: install the PyPI package musicnn==0.1.0 (--no-deps)")
    return Path(spec.submodule_search_locations[0]) / name


def read_places(folder: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Offset in the data file (bytes) and shape of each float32 tensor, by name, from `.index` (a LevelDB table of
    BundleEntryProto)."""
    index = (folder / ".index").read_bytes()
    _, at = _varint(index, len(index) - 48)
    _, at = _varint(index, at)
    offset, at = _varint(index, at)
    size, _ = _varint(index, at)
    places = {}
    for _, handle in _entries(index[offset : offset + size]):
        begin, at = _varint(handle, 0)
        length, _ = _varint(handle, at)
        for key, value in _entries(index[begin : begin + length]):
            fields = _message(value)
            if not key or fields.get(1, [0])[0] != 1:
                continue
            shape = [_message(dim).get(1, [0])[0] for dim in _message(fields[2][0]).get(2, [])] if 2 in fields else []
            places[key.decode()] = (fields.get(4, [0])[0], tuple(shape))
    return places


def read_checkpoint(folder: Path) -> dict[str, np.ndarray]:
    """float32 tensors by name, from `.index` and `.data-00000-of-00001`."""
    data = (folder / DATA_FILE).read_bytes()
    return {
        name: np.frombuffer(data, "<f4", int(np.prod(shape)), offset).reshape(shape)
        for name, (offset, shape) in read_places(folder).items()
    }


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _entries(block: bytes):
    """Keys and values of one table block: keys share a prefix with the one before."""
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        size, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + size]
        at += own + size


def _message(data: bytes) -> dict[int, list]:
    """Fields of a protobuf message by number."""
    fields: dict[int, list] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            value, at = data[at : at + 4], at + 4
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def mel_filters() -> np.ndarray:
    """librosa's defaults: Slaney scale, area norm, 0 to 8000 Hz. Shape [96, 257]."""

    def to_hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15)))

    top = 15 + np.log(8) / (np.log(6.4) / 27)
    hz = to_hz(np.linspace(0, top, BANDS + 2))
    bins = np.linspace(0, 8000, FFT // 2 + 1)
    rising = (bins[None] - hz[:-2, None]) / (hz[1:-1] - hz[:-2])[:, None]
    falling = (hz[2:, None] - bins[None]) / (hz[2:] - hz[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (hz[2:] - hz[:-2]))[:, None]


class MusiCnn(nn.Module):
    """Samples [batch, n] at 16 kHz -> the 200 numbers under the tags, [batch, 200]; `pooled` gives what lies before them."""

    def __init__(self, name: str = "MTT_musicnn") -> None:
        super().__init__()
        self.tensors = read_checkpoint(package_folder(name))
        self.filters = torch.tensor(mel_filters(), dtype=torch.float32)
        self.window = torch.hann_window(FFT)
        self.norms = sorted({k.rsplit("/", 1)[0] for k in self.tensors if k.endswith("/gamma")}, key=_order)
        self.convs = sorted(
            {k.rsplit("/", 1)[0] for k in self.tensors if "conv2d" in k and k.endswith("/kernel")}, key=_order
        )
        self.denses = sorted(
            {k.rsplit("/", 1)[0] for k in self.tensors if "dense" in k and k.endswith("/kernel")}, key=_order
        )

    def forward(self, samples: Tensor) -> Tensor:
        flat = self._norm(self._flat(self.pooled(samples)), 9)
        dense = self._weights(self.denses[0], "kernel")
        hidden = torch.relu(flat @ dense + self._weights(self.denses[0], "bias"))
        return self._norm(hidden, 10)

    def pooled(self, samples: Tensor) -> Tensor:
        """Maximum and mean over time of its first layer and of the three after it, [batch, 2, POOLED]."""
        spectrum = torch.stft(
            samples, FFT, HOP, window=self.window, center=True, pad_mode="constant", return_complex=True
        )
        mel = torch.log10(1 + 10_000 * (self.filters @ spectrum.abs() ** 2))
        x = self._norm(mel.transpose(1, 2)[:, None], 0)
        padded = nn.functional.pad(x, (0, 0, 3, 3))
        tall = [self._pooled(self._norm(self._conv(padded, i), i + 1)) for i in (0, 1)]
        wide = []
        for i, size in ((2, 128), (3, 64), (4, 32)):
            before = (size - 1) // 2
            wide.append(
                self._pooled(self._norm(self._conv(nn.functional.pad(x, (0, 0, before, size - 1 - before)), i), i + 1))
            )
        front = torch.cat(tall + wide, 1)
        layers = [front]
        before = front
        for i in (5, 6, 7):
            padded = nn.functional.pad(before, (3, 3)).transpose(1, 2)[:, None]
            after = self._norm(self._conv(padded, i), i + 1)[:, :, :, 0]
            before = after if i == 5 else after + before
            layers.append(before)
        all_layers = torch.cat(layers, 1)
        return torch.stack([all_layers.amax(2), all_layers.mean(2)], 1)

    @staticmethod
    def _flat(pooled: Tensor) -> Tensor:
        """TensorFlow concatenates maximum and mean along the last axis of [batch, channels, 1]: channel by channel."""
        return pooled.transpose(1, 2).flatten(1)

    def _weights(self, layer: str, part: str) -> Tensor:
        return torch.from_numpy(self.tensors[f"{layer}/{part}"].copy())

    def _conv(self, x: Tensor, number: int) -> Tensor:
        kernel = self._weights(self.convs[number], "kernel").permute(3, 2, 0, 1)
        return torch.relu(nn.functional.conv2d(x, kernel, self._weights(self.convs[number], "bias")))

    @staticmethod
    def _pooled(x: Tensor) -> Tensor:
        return x.amax(3)

    def _norm(self, x: Tensor, number: int) -> Tensor:
        name = self.norms[number]
        scale = self._weights(name, "gamma") / torch.sqrt(self._weights(name, "moving_variance") + EPSILON)
        shift = self._weights(name, "beta") - self._weights(name, "moving_mean") * scale
        shape = (1, -1) + (1,) * (x.dim() - 2)
        return x * scale.reshape(shape) + shift.reshape(shape)


def _order(name: str) -> int:
    tail = name.rsplit("_", 1)[-1]
    return int(tail) if tail.isdigit() else 0
