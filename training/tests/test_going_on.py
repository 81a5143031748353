"""Training that stops and goes on, or starts from what is shipped."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from leitmotif_training import shipped
from leitmotif_training.corpus import Track
from leitmotif_training.export import Learned, canary_window
from leitmotif_training.levels import Levels, write_levels
from leitmotif_training.mel import BANDS
from leitmotif_training.model import MIXTURE, Mixture, unit
from leitmotif_training.musicnn import POOLED
from leitmotif_training.noise import colour
from leitmotif_training.renewed import renewed_branches
from leitmotif_training.train import Sampler, Settings, train, trained_on

SMALL = Settings(
    minutes=1e9, steps=16, tracks=8, per_label=2, queue=32, width=8, dimensions=16, hidden=16, save_seconds=0, copies=0
)


def write_store(folder: Path, seed: int = 1) -> Path:
    """Coloured noise under four labels of three recordings each: sound enough to count with."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    sounds = [
        (3 * label + piece, f"label {label}", (colour(11, random) * 3000).astype(np.int16))
        for label in range(4)
        for piece in range(3)
    ]
    scores = [(-1, f"scores/{n}", (colour(11, random) * 3000).astype(np.int16)) for n in range(4)]
    tracks = [
        Track(f"p/{number}", "", label, "", "", "kept-out" if label == "label 3" else "train", True, True)
        for number, label, _ in sounds
    ]
    (folder / "tracks.json").write_text(json.dumps([vars(track) for track in tracks]))
    (folder / "pcm.i16").write_bytes(bytes(2))
    write_levels(folder, [*sounds, *scores], [colour(6, random) for _ in range(3)])
    write_taught_windows(folder, 3 * [number for number, _, _ in sounds], random)
    return folder


def write_taught_windows(folder: Path, owners: list[int], random: np.random.Generator) -> None:
    """What the taught branch is fitted on: windows of noise, every third of them a damaged copy."""
    count = len(owners)
    np.savez(
        folder / "taught.npz",
        owner=owners,
        start=np.zeros(count),
        damage=np.where(np.arange(count) % 3 == 2, "room", ""),
        timbre=random.standard_normal((count, 182)),
        levels=random.uniform(-60, -20, (count, 312, BANDS)).astype(np.float16),
        goal=random.standard_normal((count, 2 * POOLED)),
    )


PROGRAM = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_going_on import started_from
from leitmotif_training.train import train
train(Path(sys.argv[1]), Path(sys.argv[2]), started_from(sys.argv[3]), 1)
"""


def started_from(checkpoint: str) -> Settings:
    """A run that starts from another fills its queue of earlier vectors from the first batch."""
    return Settings(**{**vars(SMALL), "start": checkpoint})


def test_a_killed_run_goes_on_and_ends_where_an_uninterrupted_one_ends(tmp_path: Path) -> None:
    store, here = write_store(tmp_path / "store"), Path(__file__).parent
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    train(store, tmp_path / "first", Settings(**{**vars(SMALL), "steps": 1}), 1)
    first = str(tmp_path / "first" / "checkpoint.pt")
    train(store, straight, started_from(first), 1)
    program = [sys.executable, "-c", PROGRAM, str(store), str(killed), first, str(here), str(here.parent)]
    process = subprocess.Popen(program, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 120
    while not (killed / "checkpoint.pt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"
    left = torch.load(killed / "checkpoint.pt", weights_only=True)
    assert 0 < left["state"]["step"] < SMALL.steps
    train(store, killed, started_from(first), 1)
    whole, pieced = (torch.load(run / "checkpoint.pt", weights_only=True) for run in (straight, killed))
    assert whole["state"]["step"] == pieced["state"]["step"] == SMALL.steps
    for part in ("network", "averaged"):
        for name, value in whole[part].items():
            torch.testing.assert_close(pieced[part][name], value, msg=f"{part}: {name}")


def test_a_run_in_bfloat16_hears_nearly_the_same_and_is_another_run(tmp_path: Path) -> None:
    store, run = write_store(tmp_path / "store"), tmp_path / "run"
    train(store, tmp_path / "exact", SMALL, 1)
    train(store, run, Settings(**{**vars(SMALL), "bfloat16": True}), 1)
    exact, rough = (torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (tmp_path / "exact", run))
    for name, value in exact["averaged"].items():
        assert rough["averaged"][name].dtype == value.dtype
    weights = [torch.cat([value.flatten() for value in saved["averaged"].values()]) for saved in (exact, rough)]
    assert not torch.equal(*weights)
    assert torch.cosine_similarity(*weights, dim=0) > 0.99
    # A checkpoint from before the setting had its default.
    del rough["settings"]["bfloat16"]
    torch.save(rough, run / "checkpoint.pt")
    train(store, run, SMALL, 1)
    with pytest.raises(ValueError, match="bfloat16 False instead of True"):
        train(store, run, Settings(**{**vars(SMALL), "bfloat16": True}), 1)


def test_a_run_of_other_settings_is_refused_and_named(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store")
    train(store, tmp_path / "run", Settings(**{**vars(SMALL), "steps": 1}), 1)
    other = Settings(**{**vars(SMALL), "label_weight": 0.0, "split": "2/5"})
    wanted = "split 'third' instead of '2/5', label_weight 0.5 instead of 0.0.*--run"
    with pytest.raises(ValueError, match=wanted):
        train(store, tmp_path / "run", other, 1)


def test_a_run_hears_its_own_split_only_and_scores_only_where_they_are_wanted(tmp_path: Path) -> None:
    levels = Levels(write_store(tmp_path / "store"))

    def heard(**changed: object) -> set[str]:
        return {levels.recordings[n].label for n in trained_on(levels, Settings(**{**vars(SMALL), **changed}))}

    scores, games = {f"scores/{n}" for n in range(4)}, {f"label {n}" for n in range(4)}
    assert heard() == scores | games - {"label 3"}
    assert heard(scores=False) == games - {"label 3"}
    assert heard(split="none") == scores | games
    folds = [games - heard(split=f"{fold}/5") for fold in range(5)]
    assert sorted(label for fold in folds for label in fold) == sorted(games)
    sampler = Sampler(levels, Settings(**{**vars(SMALL), "scores": False}))
    random = np.random.default_rng(0)
    for _ in range(10):
        assert {levels.recordings[t].label for t in sampler.draw(random)[0]} == games - {"label 3"}


def test_the_shipped_network_and_projections_give_the_shipped_vector() -> None:
    network, branches, shares = shipped.read_shipped()
    canary = json.loads((shipped.FOLDER / "model.json").read_text())["canary"]
    wanted = np.frombuffer(base64.b64decode(canary), "<f4")[: branches["learned"].factor.shape[1]]
    with torch.inference_mode():
        heard = Learned(network).eval()(torch.from_numpy(canary_window())[None])[0].numpy()
    np.testing.assert_allclose(unit(branches["learned"](heard))[0] * np.sqrt(shares["learned"]), wanted, atol=1e-5)
    assert sum(shares.values()) == pytest.approx(1)


def test_a_network_that_trains_on_starts_as_what_was_shipped(tmp_path: Path) -> None:
    """In training, too: its normalisations know the music, so that the first batch is not a shock."""
    levels = Levels(write_store(tmp_path / "store"))
    random = np.random.default_rng(3)
    sampler = Sampler(levels, SMALL)
    power = torch.cat([sampler.crops(*sampler.draw(random), random) for _ in range(6)])
    network, _, _ = shipped.read_shipped()
    with torch.inference_mode():
        before = network(power)
    naive = apart(network, power, before)
    shipped.unfold(network, power)
    with torch.inference_mode():
        torch.testing.assert_close(network(power), before, rtol=1e-3, atol=1e-3)
    assert apart(network, power, before) < 0.05 < naive


def test_a_new_network_gets_a_projection_of_its_own_and_the_hand_made_branches_stay(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store")
    network, before, _ = shipped.read_shipped()
    torch.manual_seed(0)
    with torch.no_grad():
        network.head[2].weight.copy_(torch.randn_like(network.head[2].weight))
    branches = renewed_branches(store, network, "third", Mixture.read(MIXTURE))
    for name in ("timbre", "harmony"):
        np.testing.assert_array_equal(branches[name].factor, before[name].factor)
    factor = branches["learned"].factor
    assert factor.shape == before["learned"].factor.shape and np.isfinite(factor).all()
    assert np.abs(factor - before["learned"].factor).max() > 0.01


def apart(network: torch.nn.Module, power: torch.Tensor, before: torch.Tensor) -> float:
    """1 - cosine between what it gives while its convolutions' normalisations train and what it gave before."""
    network.eval()
    for _, norm in shipped.folded_pairs(network):
        norm.train()
        norm.momentum = 0.0
    with torch.inference_mode():
        now = network(power)
    network.eval()
    return 1 - torch.nn.functional.cosine_similarity(now, before).mean().item()
