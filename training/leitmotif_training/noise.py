"""Noise to train against, all of it made here: no clip of the benchmark's non-music half is heard in training.

babble    twenty to forty synthetic voices of espeak-ng talking at once, in a room
applause  thousands of filtered noise bursts, each a pair of hands with its own tone and rhythm
colour    noise with a random slope and random broad resonances, slowly changing
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

from .corpus import RATE_HZ, decode

VOICES = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "nl", "sv", "pl", "pt")
VARIANTS = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5")
SENTENCE = (
    "I think we met here last summer, do you remember? The music was louder then. Two more please, and something for my "
    "friend over there. No, seriously, she told me yesterday that they want to move to the coast. What a story! "
)


def voices(count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Spoken samples, float32, about 15 s each, of `count` different voices, speeds and pitches."""
    spoken = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            file = Path(folder) / f"{number}.wav"
            voice = VOICES[number % len(VOICES)] + VARIANTS[random.integers(len(VARIANTS))]
            words = SENTENCE.split()
            turned = " ".join(np.roll(np.array(words, dtype=object), random.integers(len(words))))
            options = ["-v", voice, "-s", str(random.integers(130, 220)), "-p", str(random.integers(10, 90))]
            subprocess.run(["espeak-ng", *options, "-w", str(file), turned], check=True, capture_output=True)
            spoken.append(decode(str(file)).astype(np.float32) / 32768)
    return spoken


def room(random: np.random.Generator, seconds: float) -> np.ndarray:
    """An impulse response: the direct sound, then noise that falls by 60 dB within `seconds`. Shape [samples]."""
    length = int(RATE_HZ * min(1.2, seconds))
    tail = random.standard_normal(length) * 10 ** (-3 * np.arange(length) / (RATE_HZ * seconds))
    cut = random.uniform(0.2, 0.7)
    tail = lfilter([1 - cut], [1, -cut], tail)
    tail *= random.uniform(0.3, 1.5) / np.sqrt((tail**2).sum())
    tail[0] += 1
    return tail.astype(np.float32)


def babble(seconds: float, spoken: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    total = np.zeros(int(seconds * RATE_HZ), np.float32)
    for _ in range(random.integers(12, 40)):
        voice = spoken[random.integers(len(spoken))]
        speed = random.uniform(0.85, 1.2)
        voice = resample_poly(voice, 100, int(100 * speed)).astype(np.float32)
        repeated = np.tile(voice, len(total) // len(voice) + 2)
        start = random.integers(len(voice))
        total += repeated[start : start + len(total)] * 10 ** (random.uniform(-18, 0) / 20)
    # Glasses and chairs: short ringing bursts now and then.
    for _ in range(int(seconds * random.uniform(0, 1.5))):
        at = random.integers(len(total) - 4000)
        ring = np.sin(2 * np.pi * random.uniform(800, 5000) * np.arange(4000) / RATE_HZ)
        total[at : at + 4000] += ring * np.exp(-np.arange(4000) / random.uniform(150, 900)) * random.uniform(0.1, 0.8)
    return fftconvolve(total, room(random, random.uniform(0.3, 1.2)))[: len(total)].astype(np.float32)


def applause(seconds: float, random: np.random.Generator) -> np.ndarray:
    count = int(seconds * RATE_HZ)
    total = np.zeros(count + RATE_HZ, np.float32)
    people = int(random.choice([6, 15, 40, 120]))
    for _ in range(people):
        length = 600
        clap = random.standard_normal(length) * np.exp(-np.arange(length) / random.uniform(20, 110))
        # One broad resonance of the palms.
        hz, width = random.uniform(700, 3500), random.uniform(0.80, 0.95)
        clap = lfilter([1, 0, -1], [1, -2 * width * np.cos(2 * np.pi * hz / RATE_HZ), width**2], clap)
        clap *= random.uniform(0.1, 1) / np.abs(clap).max()
        period = RATE_HZ / random.uniform(2.5, 5.5)
        times = np.cumsum(period * (1 + 0.08 * random.standard_normal(int(seconds * 6)))) + random.uniform(0, period)
        for at in times[times < count].astype(int):
            total[at : at + length] += clap * random.uniform(0.6, 1)
    total += lfilter([1], [1, -0.5], random.standard_normal(len(total))) * random.uniform(0, 0.05) * people**0.5 / 4
    return fftconvolve(total, room(random, random.uniform(0.3, 1.2)))[:count].astype(np.float32)


def colour(seconds: float, random: np.random.Generator) -> np.ndarray:
    count = int(seconds * RATE_HZ)
    noise = random.standard_normal(count)
    pole = random.choice([0.0, 0.5, 0.9, 0.98])
    noise = lfilter([1], [1, -pole], noise)
    for _ in range(random.integers(0, 3)):
        hz, width = random.uniform(80, 5000), random.uniform(0.9, 0.995)
        noise = noise / noise.std() + random.uniform(0, 1) * _unit(
            lfilter([1], [1, -2 * width * np.cos(2 * np.pi * hz / RATE_HZ), width**2], noise)
        )
    wander = np.interp(np.arange(count), np.linspace(0, count, 12), 10 ** (random.uniform(-8, 0, 12) / 20))
    return (noise * wander).astype(np.float32)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / (x.std() + 1e-9)


def noise_bank(seed: int, clips: int = 24, seconds: float = 20.0) -> dict[str, list[np.ndarray]]:
    """`clips` clips of each kind, float32, RMS 1."""
    random = np.random.default_rng(seed)
    spoken = voices(40, random)
    return {
        "babble": [_unit(babble(seconds, spoken, random)) for _ in range(clips)],
        "applause": [_unit(applause(seconds, random)) for _ in range(clips)],
        "colour": [_unit(colour(seconds, random)) for _ in range(clips)],
    }
