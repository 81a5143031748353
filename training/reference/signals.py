"""Test signals that two languages compute alike: 16-bit samples from a formula and from whole-number noise.

The same formulas stand in test/support/reference-signals.ts. The sines of two mathematics libraries may differ in
their last bit; rounding to 16 bits hides that, and a checksum of every signal is stored beside what was made of it.
"""

import numpy as np

KINDS = ("sweep", "chord", "noise", "silence", "impulse", "square")


def noise(seed: int, count: int) -> np.ndarray:
    """Uniform in [-0.5, 0.5). Numerical Recipes' linear congruential generator, modulo 2 ** 32."""
    states = np.empty(count, dtype=np.uint64)
    state = seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        states[i] = state
    return states / 2.0**32 - 0.5


def signal(kind: str, seed: int, rate_hz: int, count: int) -> np.ndarray:
    """float32, shape [count], whole multiples of 1 / 32768 in [-1, 1)."""
    i = np.arange(count, dtype=np.float64)
    t = i / rate_hz
    if kind == "sweep":
        # From 60 Hz upwards; the noise under it, at -60 dB, is what every recording has.
        value = 0.6 * np.sin(2 * np.pi * t * (60 + 300 * t)) + noise(seed, count) / 300
    elif kind == "chord":
        value = np.zeros(count)
        for root in (220, 277, 330 + seed):
            for k in range(1, 9):
                value = value + 0.08 / k * np.sin(2 * np.pi * root * k * t)
        value = value * (1 + 0.5 * np.sin(2 * np.pi * 1.5 * t)) + noise(seed, count) / 1000
    elif kind == "noise":
        value = noise(seed, count) / 2
    elif kind == "silence":
        value = np.zeros(count)
    elif kind == "impulse":
        value = np.where(i % 24000 == 1000, 1.0, 0.0)
    elif kind == "square":
        value = np.where(np.floor(200 * i / rate_hz) % 2 == 0, 1.0, -1.0)
    else:
        raise ValueError(f"Cannot make the signal {kind}: expected one of {', '.join(KINDS)}")
    levels = np.clip(np.floor(value * 32768 + 0.5), -32768, 32767)
    return (levels / 32768).astype(np.float32)
