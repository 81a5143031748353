"""Asks a trained network about many windows."""

from __future__ import annotations

import numpy as np
import torch

from .levels import to_power
from .network import TimbreNet

BATCH = 64


def learned(network: TimbreNet, levels: np.ndarray) -> np.ndarray:
    """Mel levels [windows, frames, BANDS] in dB -> the network's vectors [windows, dimensions], not normalised."""
    with torch.inference_mode():
        parts = [network(to_power(levels[at : at + BATCH])).numpy() for at in range(0, len(levels), BATCH)]
    return np.concatenate(parts)
