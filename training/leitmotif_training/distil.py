"""Trains the student (student.py) on its targets (targets.py). Resumable like train.py."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import augment
from .corpus import open_store, split_tracks
from .fast_musicnn import matrix_units
from .levels import SEGMENT, Levels, to_power
from .mixtures import Mixtures
from .network import TimbreNet
from .shipped import unfold
from .student import StudentNet
from .targets import Targets, read_targets, window_levels
from .train import UNFOLD_BATCHES, average, load_averaged, refuse_other

FRAMES = 2 * SEGMENT
SPARE = FRAMES // 8
"""Columns more that a crop is cut from: a little earlier or later, slower or faster."""
FEWER_FROM_LONG = 0.7
"""A recording is drawn in proportion to its windows to this power."""


@dataclass
class Settings:
    """What a run is made of; stored in its checkpoint."""

    minutes: float = 40
    steps: int = 1_000_000
    save_seconds: float = 120
    split: str = "third"
    """Which soundtracks are kept out (`corpus.SPLITS`)."""
    batch: int = 32
    rate: float = 1.5e-3
    decay: float = 0.05
    relations: float = 3.0
    """Weight of the loss that wants crops as near to each other as their targets are."""
    damaged: float = 0.5
    """Share of crops that are damaged; they are to be heard as the clean ones are."""
    mixed: float = 0.0
    """Share of crops that are mixtures (mixtures.py). Each has three targets: of itself and of its halves."""
    average: float = 0.998
    width: int = 24
    readout: int = 192
    start: str = ""
    """A graph or checkpoint of the timbre network to take the first layers from; empty: from chance."""
    seed: int = 1


def distil_loss(guessed: Tensor, wanted: Tensor, relations: float) -> tuple[Tensor, Tensor]:
    """(cosine distance to the targets, squared error of the cosines between crops)."""
    guessed, wanted = F.normalize(guessed), F.normalize(wanted)
    own = 1 - (guessed * wanted).sum(1).mean()
    apart = (guessed @ guessed.T - wanted @ wanted.T).square()
    between = apart.sum() / (len(apart) * (len(apart) - 1))
    return own + relations * between, own


class Crops:
    """Batches of the windows that are trained on, and the others as they are."""

    def __init__(self, levels: Levels, targets: Targets, settings: Settings) -> None:
        self.levels, self.targets, self.settings = levels, targets, settings
        self.rows = np.flatnonzero(~targets.validates)
        counts = np.bincount(targets.recording[self.rows], minlength=len(levels.recordings))
        weights = counts[targets.recording[self.rows]] ** (FEWER_FROM_LONG - 1.0)
        self.weights = weights / weights.sum()
        self.mixtures = Mixtures(levels.store, settings.split) if settings.mixed > 0 else None

    def draw(self, random: np.random.Generator) -> tuple[Tensor, Tensor, int]:
        """(mel power [batch, BANDS, FRAMES], targets [batch + 2 * mixtures, dimensions], mixtures). The mixtures are the last crops;
        the targets of their first halves follow those of the crops, then those of their second halves."""
        ready = self.mixtures.ready() if self.mixtures else 0
        mixed = min(round(self.settings.mixed * self.settings.batch), ready)
        rows = random.choice(self.rows, self.settings.batch - mixed, replace=False, p=self.weights)
        power = to_power(np.stack([self._levels(row, SPARE) for row in rows]))
        torch_random = torch.Generator().manual_seed(int(random.integers(2**62)))
        damaged = torch.from_numpy(random.random(self.settings.batch) < self.settings.damaged)
        power = augment.warp(power, FRAMES, torch_random, damaged[: len(rows)].float().reshape(-1, 1, 1))
        wanted = self.targets.values[rows]
        if self.mixtures and mixed > 0:
            levels, *own = self.mixtures.take(random.choice(ready, mixed, replace=False))
            power, wanted = torch.cat([power, to_power(levels)]), np.concatenate([wanted, *own])
        count = int(damaged.sum())
        if count > 0:
            whole = torch.ones(count, 1, 1)
            spoilt = augment.damage(power[damaged], self._noises(count, random), torch_random, whole)
            power[damaged] = augment.mask(spoilt, torch_random, whole)
        return power, torch.from_numpy(wanted), mixed

    def _levels(self, row: int, spare: int) -> np.ndarray:
        recording = self.levels.recordings[self.targets.recording[row]]
        return window_levels(self.levels, recording, self.targets.segment[row], spare)

    def _noises(self, count: int, random: np.random.Generator) -> Tensor:
        noise = self.levels.noise
        starts = random.integers(0, len(noise) - FRAMES, count)
        return to_power(np.stack([noise[start : start + FRAMES] for start in starts]))

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """(levels [windows, FRAMES, BANDS] dB, targets) of every second window that is not trained on."""
        rows = np.flatnonzero(self.targets.validates)[::2]
        return np.stack([self._levels(row, 0) for row in rows]), self.targets.values[rows]


def guesses(network: StudentNet, levels: np.ndarray, batch: int = 64) -> np.ndarray:
    """Mel levels [windows, frames, BANDS] in dB -> [windows, dimensions], not normalised."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(to_power(levels[at : at + batch])) for at in range(0, len(levels), batch)]).numpy()


def distil(store: Path, out: Path, settings: Settings) -> None:
    torch.manual_seed(settings.seed)
    levels = Levels(store)
    targets = read_targets(store / "targets.npz", levels, split_tracks(open_store(store)[0], settings.split))
    crops = Crops(levels, targets, settings)
    dimensions = targets.values.shape[1]
    network = StudentNet(settings.width, dimensions, settings.readout).to(memory_format=torch.channels_last)
    file = out / "student.pt"
    if settings.start and not file.exists():
        network.start_from(_trunk(Path(settings.start), crops))
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    averaged = copy.deepcopy(network)
    state = {"step": 0, "seconds": 0.0, "best": math.inf}
    out.mkdir(parents=True, exist_ok=True)
    if file.exists():
        saved = torch.load(file, weights_only=True)
        refuse_other(file, saved["settings"], settings)
        network.load_state_dict(saved["network"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
    held, wanted = crops.held_out()
    budget, last_saved, sums = settings.minutes * 60, time.monotonic(), []
    done = False
    while not done:
        begun = time.monotonic()
        random = np.random.default_rng((settings.seed, state["step"]))
        torch.manual_seed(int(random.integers(2**62)))
        progress = min(1, max(state["seconds"] / budget, state["step"] / settings.steps))
        warm = min(1.0, (state["step"] + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
        power, goal, mixed = crops.draw(random)
        network.train()
        # Matrix units compute in bfloat16, processors without them many times slower; the head and the losses need neither.
        with torch.autocast("cpu", torch.bfloat16, enabled=matrix_units()):
            features = network.features_of_halves(power, mixed)
        loss, own = distil_loss(network.head(features.float()), goal, settings.relations)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        average(averaged, network, min(settings.average, (state["step"] + 1) / (state["step"] + 10)))
        sums.append((loss.item(), own.item()))
        state["step"] += 1
        state["seconds"] += time.monotonic() - begun
        done = state["seconds"] >= budget or state["step"] >= settings.steps
        if done or time.monotonic() - last_saved > settings.save_seconds:
            found = distil_loss(torch.from_numpy(guesses(averaged, held)), torch.from_numpy(wanted), 0.0)[1].item()
            line = {**state, "loss": np.mean(sums, 0).tolist(), "held_out": found}
            with open(out / "student.jsonl", "a") as log:
                log.write(json.dumps(line) + "\n")
            sums = []
            if found < state["best"]:
                state["best"] = found
                torch.save({"averaged": averaged.state_dict(), "net": network.settings}, out / "best.pt")
            content = {name: module.state_dict() for name, module in (("network", network), ("averaged", averaged))}
            rest = {"optimizer": optimizer.state_dict(), "state": dict(state), "settings": dict(vars(settings))}
            torch.save({**content, **rest, "net": network.settings}, file.with_suffix(".part"))
            file.with_suffix(".part").rename(file)
            last_saved = time.monotonic()


def _trunk(file: Path, crops: Crops) -> TimbreNet:
    """The timbre network with normalisations that fit the crops."""
    before = load_averaged(file)
    if file.suffix == ".onnx":
        random = np.random.default_rng(crops.settings.seed)
        unfold(before, torch.cat([crops.draw(random)[0] for _ in range(UNFOLD_BATCHES)]))
    return before


def load_student(checkpoint: Path) -> StudentNet:
    """With its averaged weights, ready to be asked."""
    saved = torch.load(checkpoint, weights_only=True)
    network = StudentNet(**saved["net"])
    network.load_state_dict(saved["averaged"])
    return network.eval().to(memory_format=torch.channels_last)
