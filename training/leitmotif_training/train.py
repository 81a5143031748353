"""Trains the timbre network. Resumable: the same command goes on where the last checkpoint was written."""

from __future__ import annotations

import copy
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import augment
from .corpus import open_store, split_tracks
from .levels import SEGMENT, SOURCE, Levels, to_power
from .losses import contrast
from .mel import FRAME_SEC
from .network import TimbreNet


@dataclass
class Settings:
    """What a run is made of; stored in its checkpoint. A weight or share of 0 leaves a part out."""

    minutes: float = 68
    steps: int = 1_000_000
    save_seconds: float = 120
    split: str = "third"
    """Which soundtracks are kept out (`corpus.SPLITS`)."""
    start: str = ""
    """Trained on from: a checkpoint, or a graph that `export` wrote; empty: from chance."""
    cycles: int = 1
    """How often the learning rate falls from its height; the average goes on across them."""
    scores: bool = True
    tracks: int = 48
    per_label: int = 4
    queue: int = 1536
    rate: float = 2e-3
    decay: float = 0.02
    label_weight: float = 0.5
    teacher_weight: float = 1.0
    copies: float = 0.35
    width: int = 24
    dimensions: int = 128
    hidden: int = 256
    seed: int = 1
    average: float = 0.997
    bfloat16: bool = False
    """Whether features are computed in bfloat16 while training: faster on a processor with AMX or AVX-512 BF16, slower without."""


class Sampler:
    """Draws batches: a few tracks of each of several soundtracks, two crops of each track."""

    def __init__(self, levels: Levels, settings: Settings) -> None:
        self.levels, self.settings = levels, settings
        by_label: dict[str, list[int]] = {}
        for number in trained_on(levels, settings):
            by_label.setdefault(levels.recordings[number].label, []).append(number)
        self.by_label = list(by_label.values())
        self.label_of = np.zeros(len(levels.recordings), np.int64)
        for label, members in enumerate(self.by_label):
            self.label_of[members] = label
        weights = np.array([len(members) ** 0.6 for members in self.by_label])
        self.weights = weights / weights.sum()
        self.copies = Copies(levels)
        if settings.copies > 0 and not self.copies.rows:
            print("No damaged copies are there (train.npz): training without them", file=sys.stderr)

    def draw(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(track numbers, segments), each crop one entry, the two crops of a track apart by half the batch."""
        chosen: list[int] = []
        order = random.choice(len(self.by_label), len(self.by_label), replace=False, p=self.weights)
        while len(chosen) < self.settings.tracks:
            for label in order:
                members = np.setdiff1d(self.by_label[label], chosen)
                take = random.permutation(members)[: self.settings.per_label]
                chosen.extend(int(member) for member in take)
                if len(chosen) >= self.settings.tracks:
                    break
        tracks = np.array(chosen[: self.settings.tracks])
        counts = np.array([self.levels.recordings[track].segments for track in tracks])
        first = (random.random(len(tracks)) * counts).astype(int)
        second = (random.random(len(tracks)) * counts).astype(int)
        near = random.random(len(tracks)) < 0.25
        second[near] = first[near]
        return np.concatenate([tracks, tracks]), np.concatenate([first, second])

    def crops(self, tracks: np.ndarray, segments: np.ndarray, random: np.random.Generator) -> Tensor:
        """Mel power [crops, BANDS, SEGMENT]: the first half mostly clean, the second mostly damaged."""
        recordings = self.levels.recordings
        count, half = len(tracks), len(tracks) // 2
        clean = np.concatenate([random.random(half) < 0.6, random.random(count - half) < 0.2])
        source = [self.levels.source(recordings[t], s) for t, s in zip(tracks, segments)]
        for at in np.flatnonzero(random.random(count) < self.settings.copies):
            copy = self.copies.draw(tracks[at], random) if at >= half else None
            if copy is not None:
                source[at], segments[at] = copy
                clean[at] = random.random() < 0.6
        power = to_power(np.stack(source))
        torch_random = torch.Generator().manual_seed(int(random.integers(2**62)))
        strength = torch.from_numpy(~clean).float().reshape(-1, 1, 1)
        moved = augment.warp(power, SEGMENT, torch_random, strength)
        damaged = augment.damage(moved, self.levels.noises(count, random), torch_random, strength)
        return augment.mask(damaged, torch_random, strength)


def trained_on(levels: Levels, settings: Settings) -> list[int]:
    """Numbers of the recordings that a run may hear: those of its split, and rendered scores."""
    tracks = (
        split_tracks(open_store(levels.store)[0], settings.split) if (levels.store / "tracks.json").exists() else []
    )
    return [
        number
        for number, recording in enumerate(levels.recordings)
        if (settings.scores if recording.number < 0 else tracks[recording.number].use == "train")
    ]


TEACHER_DIMENSIONS = 96
"""Leading principal axes of the teacher's vectors."""


class Copies:
    """Crops of really damaged windows (damaged_training.py)."""

    def __init__(self, levels: Levels) -> None:
        file = levels.store / "train.npz"
        self.levels = levels
        self.rows: dict[int, np.ndarray] = {}
        if not file.exists():
            return
        copies = np.load(file)
        self.values, self.start = copies["levels"], copies["start"]
        damaged, owner = copies["damage"] != "", copies["owner"]
        for number, recording in enumerate(levels.recordings):
            rows = np.flatnonzero(damaged & (owner == recording.number))
            if len(rows) > 0:
                self.rows[number] = rows

    def draw(self, number: int, random: np.random.Generator) -> tuple[np.ndarray, int] | None:
        """([SOURCE, BANDS] dB, the segment it lies nearest to) of a recording; None where it has no copies."""
        if number not in self.rows:
            return None
        row = random.choice(self.rows[number])
        begin = random.integers(self.values.shape[1] - SOURCE)
        middle = self.start[row] / FRAME_SEC + begin + SOURCE / 2
        segment = int(min(middle // SEGMENT, self.levels.recordings[number].segments - 1))
        return self.values[row, begin : begin + SOURCE], segment


class Teacher:
    """Vectors of another network for every segment, to be guessed from the student's features."""

    def __init__(self, path: Path, levels: Levels) -> None:
        known = np.load(path).astype(np.float32)
        # Rendered scores have no teacher: zero rows, left out of the loss.
        missing = sum(recording.segments for recording in levels.recordings) - len(known)
        self.vectors = torch.from_numpy(np.pad(known, ((0, max(0, missing)), (0, 0))))
        counts = [recording.segments for recording in levels.recordings]
        self.starts = np.concatenate([[0], np.cumsum(counts)])
        if self.starts[-1] != len(self.vectors):
            raise ValueError(f"Cannot use {path}: expected {self.starts[-1]} rows, got {len(self.vectors)}")

    def of(self, tracks: np.ndarray, segments: np.ndarray) -> Tensor:
        return self.vectors[self.starts[tracks] + segments]


def train(store: Path, out: Path, settings: Settings, threads: int) -> None:
    torch.set_num_threads(threads)
    torch.manual_seed(settings.seed)
    levels = Levels(store)
    sampler = Sampler(levels, settings)
    network = TimbreNet(settings.width, settings.dimensions, settings.hidden).to(memory_format=torch.channels_last)
    wanted = settings.teacher_weight > 0 and (store / "teacher.npy").exists()
    teacher = Teacher(store / "teacher.npy", levels) if wanted else None
    guess = nn.Linear(2 * settings.hidden, TEACHER_DIMENSIONS)
    file = out / "checkpoint.pt"
    out.mkdir(parents=True, exist_ok=True)
    if settings.start and not file.exists():
        start_from(Path(settings.start), network, sampler, settings)
    parameters = list(network.parameters()) + list(guess.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.decay)
    averaged = copy.deepcopy(network)
    state = {"step": 0, "seconds": 0.0}
    bank = (torch.zeros(0, settings.dimensions), torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))
    if file.exists():
        saved = torch.load(file, weights_only=True)
        refuse_other(file, saved["settings"], settings)
        network.load_state_dict(saved["network"])
        averaged.load_state_dict(saved["averaged"])
        guess.load_state_dict(saved["guess"])
        optimizer.load_state_dict(saved["optimizer"])
        state, bank = saved["state"], saved["bank"]
    budget, last_saved = settings.minutes * 60, time.monotonic()
    sums, since = np.zeros(3), 0
    while state["seconds"] < budget and state["step"] < settings.steps:
        begun = time.monotonic()
        # Both depend on the step alone: a resumed run draws what an uninterrupted one would have drawn.
        random = np.random.default_rng((settings.seed, state["step"]))
        torch.manual_seed(int(random.integers(2**62)))
        progress = max(state["seconds"] / budget, state["step"] / settings.steps) * settings.cycles % 1
        warm = min(1.0, (state["step"] + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        tracks, segments = sampler.draw(random)
        power = sampler.crops(tracks, segments, random)
        network.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
            features = network.features(power)
        features = features.float()
        vectors = F.normalize(network.head(features))
        track_ids, label_ids = torch.from_numpy(tracks), torch.from_numpy(sampler.label_of[tracks])
        by_track, by_label = contrast(vectors, track_ids, label_ids, bank)
        loss = by_track + settings.label_weight * by_label
        guessed = torch.zeros(())
        if teacher:
            goal = teacher.of(tracks, segments)
            known = goal.norm(dim=1) > 0
            guessed = 1 - F.cosine_similarity(guess(features[known]), goal[known]).mean()
            loss = loss + settings.teacher_weight * guessed
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 2.0)
        optimizer.step()
        # From chance the first steps are to be forgotten soon; what a run starts from is not.
        keep = settings.average if settings.start else min(settings.average, (state["step"] + 1) / (state["step"] + 10))
        average(averaged, network, keep)
        if settings.start or state["step"] > 200:
            bank = tuple(
                torch.cat([new, old])[: settings.queue]
                for new, old in zip((vectors.detach(), track_ids, label_ids), bank)
            )
        state["step"] += 1
        state["seconds"] += time.monotonic() - begun
        sums, since = sums + [by_track.item(), by_label.item(), guessed.item()], since + 1
        if since == 50:
            line = {**state, "track": sums[0] / since, "label": sums[1] / since, "teacher": sums[2] / since}
            with open(out / "log.jsonl", "a") as log:
                log.write(json.dumps(line) + "\n")
            sums, since = np.zeros(3), 0
        if time.monotonic() - last_saved > settings.save_seconds:
            save(file, network, averaged, guess, optimizer, state, settings, bank)
            last_saved = time.monotonic()
    save(file, network, averaged, guess, optimizer, state, settings, bank)


MAY_DIFFER = {"minutes", "steps", "save_seconds"}
"""A run may be given more time; all else makes another run of it."""


def refuse_other(file: Path, saved: dict, settings: Settings) -> None:
    # A run that was begun before a setting existed had its default.
    had = {name: saved.get(name, getattr(type(settings), name, None)) for name in vars(settings)}
    other = [
        f"{name} {had[name]!r} instead of {value!r}"
        for name, value in vars(settings).items()
        if name not in MAY_DIFFER and had[name] != value
    ]
    if other:
        raise ValueError(f"Cannot go on from {file}: it has {', '.join(other)}. Give the run another name with --run")


def start_from(file: Path, network: TimbreNet, sampler: Sampler, settings: Settings) -> None:
    """Loads the averaged weights of a checkpoint, or those of an exported graph with its normalisations given back."""
    if file.suffix == ".onnx":
        from .shipped import read_shipped, unfold

        before = read_shipped(file)[0]
        random = np.random.default_rng(settings.seed)
        crops = [sampler.crops(*sampler.draw(random), random) for _ in range(UNFOLD_BATCHES)]
        unfold(before, torch.cat(crops))
    else:
        before = load_averaged(file)
    if before.settings != network.settings:
        raise ValueError(f"Cannot start from {file}: expected a network of {network.settings}, got {before.settings}")
    network.load_state_dict(before.state_dict())


UNFOLD_BATCHES = 4
"""Batches whose statistics the normalisations start with."""


def split_of(checkpoint: Path) -> str:
    """Which soundtracks the training of a checkpoint, or of an exported graph, did not hear."""
    if checkpoint.suffix == ".onnx":
        return "third"
    return torch.load(checkpoint, weights_only=True)["settings"].get("split", "third")


def load_averaged(checkpoint: Path) -> TimbreNet:
    """The network with its averaged weights, or that of an exported graph, ready to be asked."""
    if checkpoint.suffix == ".onnx":
        from .shipped import read_shipped

        return read_shipped(checkpoint)[0]
    saved = torch.load(checkpoint, weights_only=True)
    network = TimbreNet(**saved["net"])
    network.load_state_dict(saved["averaged"])
    return network.eval().to(memory_format=torch.channels_last)


def average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(averaged.state_dict().values(), network.state_dict().values()):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1 - keep)


def save(file: Path, network, averaged, guess, optimizer, state, settings: Settings, bank: tuple[Tensor, ...]) -> None:
    part = file.with_suffix(".part")
    modules = {"network": network, "averaged": averaged, "guess": guess, "optimizer": optimizer}
    content = {name: module.state_dict() for name, module in modules.items()}
    # The bank's vectors are copies of their own: a view would be saved with all that it is a view of.
    rest = {"state": dict(state), "bank": tuple(row.clone() for row in bank)}
    torch.save({**content, **rest, "settings": dict(vars(settings)), "net": network.settings}, part)
    part.rename(file)
