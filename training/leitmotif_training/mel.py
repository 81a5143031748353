"""The front end of the timbre branch: from samples to mel power, as the exported graph computes it."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

RATE_HZ = 16_000
HALF = 256
"""Half a frame, and the hop between frames, in samples."""
BANDS = 64
FRAME_SEC = 2 * HALF / RATE_HZ
"""Two neighbouring frames are averaged: one column of mel power is 32 ms apart from the next."""
LOW_HZ, HIGH_HZ = 40.0, 7800.0
"""Rumble below, the resampler's edge above: as in the hand-made descriptor."""


def mel_filters() -> np.ndarray:
    """Triangles of peak 1 on the HTK scale, shape [BANDS, HALF + 1]."""
    to_mel = lambda hz: 2595 * math.log10(1 + hz / 700)  # noqa: E731
    edges = np.linspace(to_mel(LOW_HZ), to_mel(HIGH_HZ), BANDS + 2)
    hz = 700 * (10 ** (edges / 2595) - 1)
    bins = np.arange(HALF + 1) * RATE_HZ / (2 * HALF)
    rising = (bins[None] - hz[:-2, None]) / (hz[1:-1] - hz[:-2])[:, None]
    falling = (hz[2:, None] - bins[None]) / (hz[2:] - hz[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


class MelPower(nn.Module):
    """Samples [batch, n] -> mel power [batch, BANDS, (n // HALF - 1) // 2].

    A Hann frame of 512 samples every 256. The even bins of its spectrum see only the sum of its halves, the odd ones only
    their difference (one radix-2 step), which halves the two matrix products.
    """

    def __init__(self) -> None:
        super().__init__()
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2 * HALF) / (2 * HALF))
        filters = mel_filters()
        n = np.arange(HALF)
        for name, bins in (("even", range(0, HALF, 2)), ("odd", range(1, HALF, 2))):
            phase = np.pi * np.outer(n, list(bins)) / HALF
            table = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
            rows = filters[:, list(bins)].T
            self.register_buffer(name, torch.tensor(table, dtype=torch.float32), persistent=False)
            self.register_buffer(f"{name}_mel", torch.tensor(np.concatenate([rows, rows]), dtype=torch.float32), False)
        self.register_buffer("rise", torch.tensor(window[:HALF], dtype=torch.float32), persistent=False)
        self.register_buffer("fall", torch.tensor(window[HALF:], dtype=torch.float32), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        blocks = samples[:, : samples.shape[1] // HALF * HALF].reshape(samples.shape[0], -1, HALF)
        first, second = blocks[:, :-1] * self.rise, blocks[:, 1:] * self.fall
        even, odd = (first + second) @ self.even, (first - second) @ self.odd
        power = (even * even) @ self.even_mel + (odd * odd) @ self.odd_mel
        pairs = power[:, : power.shape[1] // 2 * 2].reshape(power.shape[0], -1, 2, BANDS)
        return pairs.mean(2).transpose(1, 2)


def levels_db(samples: np.ndarray, mel: MelPower) -> np.ndarray:
    """Mel levels of a whole recording for the store: float16 [frames, BANDS], dB; samples int16 or float in [-1, 1]."""
    scale = 1 / 32768 if samples.dtype == np.int16 else 1.0
    parts = []
    # Pieces of a minute, one block more than whole pairs of frames, so that they join without a seam.
    step = 2 * HALF * 1875
    with torch.inference_mode():
        for at in range(0, len(samples), step):
            piece = np.asarray(samples[at : at + step + HALF], dtype=np.float32) * scale
            if len(piece) >= 3 * HALF:
                power = mel(torch.from_numpy(piece)[None])[0]
                parts.append((10 * torch.log10(power + 1e-10)).T.half().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, BANDS), np.float16)
