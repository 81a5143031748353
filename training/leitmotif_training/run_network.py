"""Asks a trained network about many windows."""

from __future__ import annotations

import numpy as np
import torch

from .levels import to_power
from .network import TimbreNet

BATCH = 64


def learned(network: TimbreNet, levels: np.ndarray) -> np.ndarray:
    """Mel levels [windows, frames, BANDS] in dB -> the network's vectors [windows, dimensions], not normalised."""
    return heard(network, levels)[0]


def heard(network: TimbreNet, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the network's vectors, what all of its layers hear [windows, layer_size]) of mel levels."""
    layers = []
    with torch.inference_mode():
        for at in range(0, len(levels), BATCH):
            layers.append(network.layers(to_power(levels[at : at + BATCH])))
        joined = torch.cat(layers)
        return network.of_layers(joined).numpy(), joined.numpy()
