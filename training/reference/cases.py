"""The windows that fixtures are made of."""

from dataclasses import dataclass

import numpy as np

from files import sha256_of_signal
from signals import signal


@dataclass(frozen=True)
class Window:
    kind: str
    seed: int
    samples: int


# Whole windows of every kind; the shorter ones that are tiled; tails, whose lengths divide nothing.
CLAP_RATE_HZ = 48_000
CLAP_WINDOWS = (
    Window("sweep", 1, 480_000),
    Window("chord", 2, 480_000),
    Window("noise", 3, 480_000),
    Window("silence", 0, 480_000),
    Window("impulse", 0, 480_000),
    Window("square", 0, 480_000),
    Window("chord", 4, 240_000),
    Window("sweep", 5, 120_000),
    Window("noise", 6, 48_000),
    Window("chord", 7, 479_999),
    Window("sweep", 8, 333_333),
    Window("noise", 9, 123_457),
    Window("chord", 10, 240_001),
)

WAV2VEC2_RATE_HZ = 16_000
WAV2VEC2_WINDOWS = (
    Window("sweep", 1, 160_000),
    Window("chord", 2, 160_000),
    Window("noise", 3, 120_000),
    Window("chord", 4, 120_000),
    Window("chord", 5, 80_000),
    Window("sweep", 6, 80_000),
    Window("silence", 0, 80_000),
    Window("noise", 7, 98_765),
)


def sound_of(window: Window, rate_hz: int) -> np.ndarray:
    return signal(window.kind, window.seed, rate_hz, window.samples)


def described(window: Window, sound: np.ndarray) -> dict:
    return {
        "kind": window.kind,
        "seed": window.seed,
        "samples": window.samples,
        "sha256": sha256_of_signal(sound),
    }
