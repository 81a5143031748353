"""Music that does not exist, heard by the teacher: more soundtracks than there are to train on.

A student that sees sixty soundtracks learns what the teacher says of these sixty. Here two excerpts are played faster or
slower, equalised and added, and the teacher hears the sum: each window has a target of its own, and no two are alike.
@see Beyer et al. 2022 (a good teacher is patient and consistent)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from .corpus import RATE_HZ, Track, open_store, split_tracks
from .fast_musicnn import FastMusiCnn
from .levels import SEGMENT, Levels
from .mel import BANDS, HALF, MelPower
from .musicnn import POOLED
from .targets import loudness_db, read_axes, validation_labels

FRAMES = 2 * SEGMENT
ROW = FRAMES * BANDS + 2 * POOLED
SAMPLES = (2 * FRAMES + 1) * HALF
"""10.24 s and the half frame that the last column reaches beyond it."""
ROW_BYTES = 2 * ROW


def mixtures_file(store: Path, split: str) -> Path:
    return store / f"mixed-{split.replace('/', '-')}.f16"


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

    def take(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(levels [numbers, FRAMES, BANDS] dB, targets) of rows that are ready."""
        taken = self.rows[np.sort(numbers)]
        levels = taken[:, : FRAMES * BANDS].reshape(-1, FRAMES, BANDS)
        return levels, self.axes(taken[:, FRAMES * BANDS :], loudness_db(levels))


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
    sound = np.interp(np.arange(SAMPLES) * rate, np.arange(wanted), sound)
    if random.random() < 0.6:
        spectrum = np.fft.rfft(sound)
        octaves = np.log2(np.maximum(np.linspace(0, RATE_HZ / 2, len(spectrum)), 40) / 40)
        curve = sum(
            random.uniform(-6, 6) * np.cos(np.pi * order * octaves / octaves[-1] + random.uniform(0, 6.3))
            for order in (1, 2, 3)
        )
        before = np.mean(sound**2)
        sound = np.fft.irfft(spectrum * 10 ** (curve / 20), SAMPLES)
        sound *= np.sqrt(before / (np.mean(sound**2) + 1e-12))
    return sound


def write_mixtures(store: Path, split: str = "third", minutes: float = 30, seed: int = 5) -> None:
    """`mixed-<split>.f16` [mixtures, FRAMES * BANDS + 2 * POOLED]: levels in dB, then the teacher's pooled layers of the same window. A later
    call appends. 50 ms a window with matrix units."""
    tracks, pcm = split_tracks(open_store(store)[0], split), open_store(store)[1]
    held = validation_labels(Levels(store))
    own = [t for t in tracks if t.use == "train" and t.length > RATE_HZ and t.label.lower() not in held]
    network, mel, ends = FastMusiCnn(), MelPower(), time.monotonic() + 60 * minutes
    with open(mixtures_file(store, split), "ab") as file:
        number = file.tell() // ROW_BYTES
        file.truncate(number * ROW_BYTES)
        while time.monotonic() < ends:
            sound = torch.from_numpy(mixture(own, pcm, np.random.default_rng((seed, number))))[None]
            with torch.inference_mode():
                levels = 10 * torch.log10(mel(sound)[0, :, :FRAMES] + 1e-10)
                pooled = network(sound[:, : 2 * FRAMES * HALF])[0]
            file.write(levels.T.half().numpy().tobytes() + pooled.half().numpy().tobytes())
            file.flush()
            number += 1
            print(f"\rmixtures: {number}", end="", file=sys.stderr)
