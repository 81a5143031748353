"""Music that does not exist, heard by the teacher: more soundtracks than there are to train on.

A student that sees sixty soundtracks learns what the teacher says of these sixty. Here two excerpts are played faster or
slower, equalised and added, and the teacher hears the sum: each window has a target of its own, and no two are alike.
@see Beyer et al. 2022 (a good teacher is patient and consistent)
"""

from __future__ import annotations

import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy import fft

from .corpus import RATE_HZ, Track, open_store, split_tracks
from .fast_musicnn import fast_musicnn
from .levels import SEGMENT, Levels
from .mel import BANDS, HALF, MelPower
from .musicnn import POOLED
from .targets import loudness_db, read_axes, validation_labels

FRAMES = 2 * SEGMENT
HEARD = 2 * POOLED
"""Numbers of one half: maximum and mean over time."""
ROW = FRAMES * BANDS + 2 * HEARD
SAMPLES = (2 * FRAMES + 1) * HALF
"""10.24 s and the half frame that the last column reaches beyond it."""
TRANSFORM = fft.next_fast_len(SAMPLES, real=True)
ROW_BYTES = 2 * ROW


def mixtures_file(store: Path, split: str) -> Path:
    return store / f"mixed-halves-{split.replace('/', '-')}.f16"


class Mixtures:
    """What `write_mixtures` wrote, also rows that are appended while a training runs."""

    def __init__(self, store: Path, split: str) -> None:
        self.file, self.rows = mixtures_file(store, split), np.zeros((0, ROW), np.float16)
        self.axes = read_axes(store / "targets.npz")

    def ready(self) -> int:
        count = self.file.stat().st_size // ROW_BYTES
        if count > len(self.rows):
            self.rows = np.memmap(self.file, np.float16, "r", shape=(count, ROW))
        return count

    def take(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(levels [numbers, FRAMES, BANDS] dB, targets, those of the first halves, of the second) of rows that are ready."""
        taken = self.rows[np.sort(numbers)]
        levels = taken[:, : FRAMES * BANDS].reshape(-1, FRAMES, BANDS)
        halves = taken[:, FRAMES * BANDS :].reshape(-1, 2, HEARD).astype(np.float32)
        # As targets.pairs_of joins two segments.
        most, mean = halves[..., :POOLED].max(1), halves[..., POOLED:].mean(1)
        whole = self.axes(np.concatenate([most, mean], 1), loudness_db(levels))
        first, second = (
            self.axes(halves[:, half], loudness_db(part)) for half, part in enumerate(np.split(levels, 2, axis=1))
        )
        return levels, whole, first, second


def mixture(tracks: list[Track], pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """float32 [SAMPLES]: one excerpt in two, the sum of two otherwise."""
    total = excerpt(tracks, pcm, random)
    if random.random() < 0.5:
        other = excerpt(tracks, pcm, random)
        level = np.sqrt(np.mean(total**2) / (np.mean(other**2) + 1e-9)) * 10 ** (random.uniform(-9, 3) / 20)
        total = (total + min(level, 100) * other) / np.sqrt(1 + 10 ** (-0.3))
    return np.clip(total, -1, 1).astype(np.float32)


def excerpt(tracks: list[Track], pcm: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """An excerpt from anywhere in any track, up to three semitones higher or lower with its tempo, and equalised."""
    rate = 2 ** (random.uniform(-3, 3) / 12) if random.random() < 0.6 else 1.0
    wanted = int(SAMPLES * rate) + 2
    track = tracks[random.integers(len(tracks))]
    begin = track.start + int(random.random() * max(0, track.length - wanted))
    sound = np.asarray(pcm[begin : min(begin + wanted, track.start + track.length)]).astype(np.float32) / 32768
    sound = np.resize(sound, wanted) if len(sound) < wanted else sound
    if rate != 1.0:
        sound = np.interp(np.arange(SAMPLES) * rate, np.arange(wanted), sound).astype(np.float32)
    sound = sound[:SAMPLES]
    if random.random() < 0.6:
        spectrum = fft.rfft(sound, TRANSFORM)
        curve = sum(
            random.uniform(-6, 6) * (np.cos(phase) * wave[0] - np.sin(phase) * wave[1])
            for wave, phase in zip(_waves(), random.uniform(0, 2 * np.pi, 3))
        )
        before = np.mean(sound**2)
        sound = fft.irfft(spectrum * np.exp(np.log(10) / 20 * curve), TRANSFORM)[:SAMPLES]
        sound *= np.sqrt(before / (np.mean(sound**2) + 1e-12))
    return sound


@cache
def _waves() -> np.ndarray:
    """One, two and three half waves over the octaves from 40 Hz up, cosine and sine: float32 [3, 2, bins of the spectrum]."""
    octaves = np.log2(np.maximum(np.linspace(0, RATE_HZ / 2, TRANSFORM // 2 + 1), 40) / 40)
    angles = np.pi * np.arange(1, 4)[:, None] * octaves / octaves[-1]
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def write_mixtures(store: Path, split: str = "third", minutes: float = 30, seed: int = 5) -> None:
    """`mixed-halves-<split>.f16` [mixtures, ROW]: levels in dB, then the teacher's pooled layers of both halves. A later call appends.
    70 ms a mixture with matrix units, 105 in ONNX Runtime on the same processor."""
    tracks, pcm = split_tracks(open_store(store)[0], split), open_store(store)[1]
    held = validation_labels(Levels(store))
    own = [t for t in tracks if t.use == "train" and t.length > RATE_HZ and t.label.lower() not in held]
    network, mel, ends = fast_musicnn(), MelPower(), time.monotonic() + 60 * minutes
    with open(mixtures_file(store, split), "ab") as file:
        number = file.tell() // ROW_BYTES
        file.truncate(number * ROW_BYTES)
        while time.monotonic() < ends:
            sound = torch.from_numpy(mixture(own, pcm, np.random.default_rng((seed, number))))[None]
            with torch.inference_mode():
                levels = 10 * torch.log10(mel(sound)[0, :, :FRAMES] + 1e-10)
                # Each half on its own, as the teacher heard the segments of targets.npz.
                pooled = network(sound[0, : 2 * FRAMES * HALF].reshape(2, -1))
            file.write(levels.T.half().numpy().tobytes() + pooled.half().numpy().tobytes())
            file.flush()
            number += 1
            print(f"\rmixtures: {number}", end="", file=sys.stderr)
