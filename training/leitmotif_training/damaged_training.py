"""Really damaged copies of training music, in the domain of samples: what mel-domain augmentation only imitates.

Up to `PER_TRACK` windows of each training track, clean and in `VARIANTS` damaged copies. Parameters are drawn from wide
ranges; noise is synthetic (noise.py). The set serves the contrastive training and fits the projections.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from .corpus import RATE_HZ, open_store
from .features import WINDOW, Analyser, WindowSet
from .noise import noise_bank, room

PER_TRACK = 8
VARIANTS = 3
SPARE = WINDOW + 3 * RATE_HZ // 2
"""Samples that a copy is made from: some are played faster."""
KINDS = ("codec", "band", "babble", "applause", "colour", "room", "equaliser", "time")
CODECS = [("libmp3lame", "mp3", f"{k}k") for k in (32, 40, 56)] + [("libopus", "ogg", f"{k}k") for k in (12, 16, 28)]
TIMES = [
    *[f"atempo={f}" for f in (0.92, 0.96, 1.04, 1.09)],
    *[
        f"aresample=44100,asetrate={44_100 * 2 ** (s / 12):.1f},aresample=44100,atempo={2 ** (-s / 12):.6f}"
        for s in (-2, -1, 1, 2)
    ],
    *[f"aresample=44100,asetrate={44_100 * f:.1f},aresample=44100" for f in (0.94, 0.98, 1.03)],
]


def chain(random: np.random.Generator) -> list[str]:
    """One damage, or two in the order in which they happen."""
    count = 1 if random.random() < 0.6 else 2
    chosen = set(random.choice(KINDS, count, replace=False))
    return [
        kind
        for kind in ("time", "equaliser", "babble", "applause", "colour", "room", "band", "codec")
        if kind in chosen
    ]


def by_samples(x: np.ndarray, kind: str, bank: dict[str, list[np.ndarray]], random: np.random.Generator) -> np.ndarray:
    """Damage that needs no other program. float32 in and out."""
    if kind in bank:
        noise = bank[kind][random.integers(len(bank[kind]))]
        noise = np.roll(noise, random.integers(len(noise)))[: len(x)]
        ratio = random.uniform(-3, 10) if kind == "applause" else random.uniform(0, 14)
        return x + noise * np.sqrt(np.mean(x**2)) * 10 ** (-ratio / 20)
    if kind == "band":
        low, high = random.uniform(120, 450), random.uniform(2400, 6000)
        order = int(random.integers(1, 5))
        x = sosfilt(butter(order, low, "highpass", fs=RATE_HZ, output="sos"), x)
        return sosfilt(butter(order, high, "lowpass", fs=RATE_HZ, output="sos"), x)
    if kind == "room":
        wet = fftconvolve(x, room(random, random.uniform(0.2, 1.0)))[: len(x)]
        for _ in range(random.integers(0, 5)):
            delay, gain = random.integers(200, 2000), random.uniform(0.1, 0.5)
            wet[delay:] += gain * x[:-delay]
        wet = sosfilt(butter(1, random.uniform(80, 300), "highpass", fs=RATE_HZ, output="sos"), wet)
        wet = sosfilt(butter(2, random.uniform(3500, 7500), "lowpass", fs=RATE_HZ, output="sos"), wet)
        return compressed(wet, random) if random.random() < 0.7 else wet
    if kind == "equaliser":
        for _ in range(random.integers(2, 5)):
            x = peak(x, 10 ** random.uniform(1.9, 3.8), random.uniform(-9, 9), random.uniform(0.4, 1.5))
        return compressed(x, random) if random.random() < 0.7 else x
    raise ValueError(f"Cannot damage with {kind}")


def peak(x: np.ndarray, hz: float, gain_db: float, quality: float) -> np.ndarray:
    """One band of an equaliser. @see Bristow-Johnson, Audio EQ Cookbook"""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / RATE_HZ
    alpha = np.sin(w) / (2 * quality)
    b = [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a]
    return lfilter(b, [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a], x)


def compressed(x: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Levels above a threshold brought down by a ratio; follows the envelope with one time constant."""
    keep = np.exp(-1 / (RATE_HZ * random.uniform(0.02, 0.2)))
    level = np.sqrt(lfilter([1 - keep], [1, -keep], x**2) + 1e-9)
    threshold = np.sqrt(np.mean(x**2)) * 10 ** (random.uniform(-15, 0) / 20)
    over = np.maximum(1, level / (threshold + 1e-9))
    return x * over ** (1 / random.uniform(2, 8) - 1)


def through_ffmpeg(
    pieces: list[np.ndarray], codec: tuple[str, str, str] | None, filters: str | None
) -> list[np.ndarray]:
    """Pieces of equal length, joined, through one codec or filter, and cut again; WINDOW samples of each come back."""
    length = len(pieces[0])
    joined = np.clip(np.concatenate(pieces) * 32767, -32768, 32767).astype("<i2")
    raw = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-"]
    tail = ["-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"]
    if codec is None:
        done = subprocess.run(
            [*raw, "-af", filters or "anull", *tail], input=joined.tobytes(), capture_output=True, check=True
        )
    else:
        with tempfile.NamedTemporaryFile(suffix=f".{codec[1]}") as file:
            rate = ["-ar", "48000"] if codec[0] == "libopus" else []
            subprocess.run(
                [*raw, "-c:a", codec[0], "-b:a", codec[2], *rate, file.name], input=joined.tobytes(), check=True
            )
            done = subprocess.run(
                ["ffmpeg", "-v", "error", "-nostdin", "-i", file.name, *tail], capture_output=True, check=True
            )
    out = np.frombuffer(done.stdout, "<i2").astype(np.float32) / 32768
    scale = len(out) / len(joined) if codec is None else 1.0
    cut = [out[int(i * length * scale) :][:WINDOW] for i in range(len(pieces))]
    return [np.pad(piece, (0, WINDOW - len(piece))) for piece in cut]


def build(store: Path, statistics: Path, seed: int = 11) -> None:
    tracks, pcm = open_store(store)
    random = np.random.default_rng(seed)
    bank = noise_bank(seed + 1)
    clean: list[tuple[int, float, np.ndarray]] = []
    for number, track in enumerate(tracks):
        if not track.may_train or track.length < SPARE:
            continue
        count = int(min(PER_TRACK, max(1, track.length // WINDOW)))
        for begin in np.linspace(0, track.length - SPARE, count).astype(int):
            piece = np.asarray(pcm[track.start + begin : track.start + begin + SPARE], np.float32) / 32768
            if np.mean(piece**2) > 1e-6:
                clean.append((number, begin / RATE_HZ, piece))
    analyser = Analyser(statistics)
    rows: list[tuple] = []

    def add(owner: int, start: float, damage: str, window: np.ndarray) -> None:
        rows.append(
            (owner, start, start + 10, damage, *analyser(np.ascontiguousarray(window[:WINDOW], dtype=np.float32)))
        )

    later: dict[tuple, list[tuple[int, float, str, np.ndarray]]] = defaultdict(list)
    for number, (owner, start, piece) in enumerate(clean):
        add(owner, start, "", piece)
        for _ in range(VARIANTS):
            kinds = chain(random)
            name = "+".join(kinds)
            time = kinds[0] == "time"
            x = piece.astype(np.float64)
            for kind in kinds:
                if kind not in ("time", "codec"):
                    x = by_samples(x, kind, bank, random)
            x *= 10 ** (random.uniform(-12, 3) / 20) / max(1.0, np.abs(x).max())
            if time:
                later["time", int(random.integers(len(TIMES)))].append((owner, start, name, x))
            elif kinds[-1] == "codec":
                later["codec", int(random.integers(len(CODECS)))].append((owner, start, name, x[:WINDOW]))
            else:
                add(owner, start, name, x)
        print(f"\rdamaged copies: {number + 1} of {len(clean)}", end="", file=sys.stderr)
    for (kind, choice), entries in later.items():
        for at in range(0, len(entries), 60):
            part = entries[at : at + 60]
            codec = CODECS[choice] if kind == "codec" else None
            filters = TIMES[choice] if kind == "time" else None
            for (owner, start, name, _), window in zip(part, through_ffmpeg([e[3] for e in part], codec, filters)):
                add(owner, start, name, window)
    columns = list(zip(*rows))
    arrays = [np.array(column) for column in columns[:4]] + [np.stack(column) for column in columns[4:]]
    WindowSet(*arrays).save(store / "train.npz")


if __name__ == "__main__":
    torch.set_num_threads(1)
    build(Path(sys.argv[1]), Path(sys.argv[1]) / "statistics.onnx")
