"""The mel levels of all recordings in one file, and crops of them as power."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from . import scores
from .corpus import RATE_HZ, open_store
from .mel import BANDS, MelPower, levels_db
from .noise import noise_bank

SEGMENT = 160
"""Columns of mel power in a training crop: 5.12 s."""
SOURCE = SEGMENT + SEGMENT // 4
"""Columns that a crop is cut from, so that it can be slower or faster and begin a little earlier or later."""


@dataclass(frozen=True)
class Recording:
    """Where a recording's columns lie in the file. Recordings of one label are of one soundtrack, or one rendered style."""

    number: int
    """Of the track in the store; -1 for rendered scores."""
    label: str
    start: int
    count: int

    @property
    def segments(self) -> int:
        """Whole crops in it, at least one."""
        return max(1, self.count // SEGMENT)


def first_rows(recordings: list[Recording]) -> np.ndarray:
    """Row of each recording's first segment, and the number of all rows."""
    return np.concatenate([[0], np.cumsum([recording.segments for recording in recordings])])


def build_levels(store: Path, seed: int = 7) -> None:
    """The levels of all training tracks and of rendered scores, and of noise. Four minutes on one core."""
    tracks, pcm = open_store(store)

    def sounds() -> Iterator[tuple[int, str, np.ndarray]]:
        for number, track in enumerate(tracks):
            if track.may_train and track.length >= 6 * RATE_HZ:
                yield number, track.label.lower(), pcm[track.start : track.start + track.length]
        for label, samples in rendered(seed + 1):
            yield -1, label, samples

    write_levels(store, sounds(), [clip for kind in noise_bank(seed).values() for clip in kind])


def write_levels(store: Path, sounds: Iterable[tuple[int, str, np.ndarray]], noises: list[np.ndarray]) -> None:
    """`levels.f16` [columns, BANDS] in dB with `levels.json` beside it, and `noise.f16`.

    @param sounds (number in the store or -1, label, samples int16)
    """
    mel = MelPower()
    entries, at = [], 0
    with open(store / "levels.f16", "wb") as file:
        for number, label, samples in sounds:
            levels = levels_db(samples, mel)
            file.write(levels.tobytes())
            entries.append({"number": number, "label": label, "start": at, "count": len(levels)})
            at += len(levels)
            print(f"\rmel levels: {len(entries)} recordings", end="", file=sys.stderr)
    (store / "levels.json").write_text(json.dumps(entries))
    np.concatenate([levels_db(clip * np.float32(0.05), mel)[:600] for clip in noises]).tofile(store / "noise.f16")


STYLES, PIECES = 16, 3
"""Rendered soundtracks, and pieces in each; a piece is a recording of two renderings in two keys."""


def rendered(seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """(label, samples int16) of each piece of each style; none where fluidsynth or its soundfonts are missing."""
    soundfonts = scores.available_soundfonts()
    if not soundfonts or shutil.which("fluidsynth") is None:
        return
    random = np.random.default_rng(seed)
    for number in range(STYLES):
        style = scores.random_style(random, soundfonts)
        for _ in range(PIECES):
            score = scores.random_score(random, bars=8)
            parts = []
            for key in random.choice(12, 2, replace=False) - 5:
                played = replace(style, tempo=style.tempo * float(random.uniform(0.9, 1.1)))
                parts.append(scores.render(scores.to_midi(score, played, int(key)), style.soundfont, 20))
            yield f"scores/{number}", np.concatenate(parts)


class Levels:
    """Crops of the store as mel power."""

    def __init__(self, store: Path) -> None:
        self.store = store
        entries = json.loads((store / "levels.json").read_text())
        self.recordings = [Recording(**entry) for entry in entries]
        self.values = np.memmap(store / "levels.f16", dtype=np.float16, mode="r").reshape(-1, BANDS)
        self.noise = np.fromfile(store / "noise.f16", dtype=np.float16).reshape(-1, BANDS)

    def source(self, recording: Recording, segment: int) -> np.ndarray:
        """SOURCE columns around one segment, [SOURCE, BANDS] dB; short recordings are repeated."""
        begin = segment * SEGMENT - (SOURCE - SEGMENT) // 2
        at = np.arange(begin, begin + SOURCE)
        at = np.clip(at, 0, recording.count - 1) if recording.count >= SEGMENT else at % recording.count
        return self.values[recording.start + at]

    def windows(self, recording: Recording, columns: int, count: int) -> list[tuple[int, np.ndarray]]:
        """(first column, [columns, BANDS] dB) of up to `count` whole windows, spread evenly; none of a shorter recording."""
        found = min(count, recording.count // columns)
        starts = np.linspace(0, recording.count - columns, found).astype(int)
        return [(int(at), np.array(self.values[recording.start + at :][:columns])) for at in starts]

    def noises(self, count: int, random: np.random.Generator) -> Tensor:
        starts = random.integers(0, len(self.noise) - SEGMENT, count)
        return to_power(np.stack([self.noise[s : s + SEGMENT] for s in starts]))


def to_power(levels: np.ndarray) -> Tensor:
    """[batch, columns, BANDS] dB -> [batch, BANDS, columns] power."""
    return (10 ** (torch.from_numpy(levels).float() / 10)).transpose(1, 2)
