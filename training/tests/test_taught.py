"""The branch that guesses what MusiCNN hears: its regression, its windows, and its place in the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from test_going_on import SMALL, write_store

from leitmotif_training.export import Learned, _to_onnx, build_graph
from leitmotif_training.features import WINDOW
from leitmotif_training.model import BRANCHES, embed
from leitmotif_training.musicnn import POOLED
from leitmotif_training.network import TimbreNet
from leitmotif_training.noise import noise_bank
from leitmotif_training.projection import Projection, Recipe
from leitmotif_training.taught import damaged, fit_taught, places, principal, regress, taught_inputs

RECIPE = Recipe(dimensions=6, damage=0, within=0, power=0.5, ridge=0.05)


def heard_alike(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(inputs of two blocks, 500 and 12 numbers; goals): six causes, of which the small block hears all, the large one two."""
    fixed, random = np.random.default_rng(0), np.random.default_rng(seed)
    to_large, to_small, to_goal = (fixed.standard_normal(shape) for shape in ((2, 500), (6, 12), (6, 40)))
    causes = random.standard_normal((count, 6)) * [3, 2.5, 2, 1.5, 1.2, 1]
    noise = [0.3 * random.standard_normal((count, size)) for size in (500, 12, 40)]
    inputs = np.concatenate([causes[:, :2] @ to_large + noise[0], 1e-3 * (causes @ to_small + noise[1])], axis=1)
    return inputs, causes @ to_goal + noise[2]


def nearest_agrees(guessed: np.ndarray, goals: np.ndarray) -> float:
    """How often the nearest window by the guess is among the ten nearest by the goals."""
    near = [np.argsort(((x[:, None] - x[None]) ** 2).sum(2) + 1e9 * np.eye(len(x)), axis=1) for x in (guessed, goals)]
    return float(np.mean([near[0][row, 0] in near[1][row, :10] for row in range(len(goals))]))


def test_a_guess_on_windows_that_it_was_not_fitted_on_has_the_neighbours_of_what_it_guesses() -> None:
    inputs, goals = heard_alike(300, 1)
    unseen, wanted = heard_alike(100, 2)
    guess = regress(inputs, [500, 12], goals, np.ones(300), RECIPE)
    large_only = regress(inputs[:, :500], [500], goals, np.ones(300), RECIPE)
    both, large = nearest_agrees(guess(unseen), wanted), nearest_agrees(large_only(unseen[:, :500]), wanted)
    assert both > 0.9, "a small block of small numbers is heard, too"
    assert both > large + 0.3


def test_damaged_copies_teach_which_numbers_to_trust() -> None:
    inputs, goals = heard_alike(300, 3)
    unseen, wanted = heard_alike(100, 4)
    random = np.random.default_rng(5)

    def spoilt(x: np.ndarray) -> np.ndarray:
        """Damage destroys half of the small block."""
        x = x.copy()
        x[:, -6:] = 0.01 * random.standard_normal((len(x), 6))
        return x

    rows, targets = np.concatenate([inputs, spoilt(inputs)]), np.concatenate([goals, goals])
    damage = np.repeat([1.0, 0.0], 300), np.repeat([1.0, 0.5], 300)
    naive, warned = (regress(rows, [500, 12], targets, weights, RECIPE) for weights in damage)
    clean = regress(inputs, [500, 12], goals, np.ones(300), RECIPE)
    np.testing.assert_allclose(naive.factor, clean.factor)
    bad = spoilt(unseen)
    assert nearest_agrees(warned(bad), wanted) > nearest_agrees(naive(bad), wanted) + 0.2


def test_principal_axes_are_evened_out_by_the_power() -> None:
    random = np.random.default_rng(6)
    x = random.standard_normal((200, 5)) @ random.standard_normal((5, 30))
    plain, even = principal(x, 4, 0).std(0), principal(x, 4, 1).std(0)
    assert (np.diff(plain) < 0).all()
    np.testing.assert_allclose(even, 1, atol=0.01)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_the_taught_windows_of_a_track_are_its_own_and_each_is_taken_once(count: int) -> None:
    for in_benchmark in (False, True):
        found = places(count, in_benchmark)
        assert found == sorted(set(found)) and found[0] >= 0 and found[-1] < count
    assert {0, count - 1} <= set(places(count, True))
    assert len(places(40, True)) == 5 and len(places(40, False)) == 3


def test_a_damaged_copy_is_of_the_same_length_and_differs() -> None:
    random = np.random.default_rng(7)
    window = (0.1 * random.standard_normal(WINDOW)).astype(np.float32)
    bank = {name: clips[:1] for name, clips in noise_bank(8, clips=1, seconds=11).items()}
    for _ in range(8):
        kinds, copy = damaged(window, bank, random)
        assert kinds != "" and copy.dtype == np.float32 and copy.shape == window.shape and np.isfinite(copy).all()
        assert np.abs(np.corrcoef(copy, window)[0, 1]) < 0.9999


def test_all_layers_end_with_the_features_that_the_head_reads() -> None:
    network = TimbreNet(8, 16, 24).eval()
    power = torch.rand(3, 64, 100)
    with torch.inference_mode():
        layers = network.layers(power)
        assert layers.shape == (3, network.layer_size) and sum(network.layer_blocks) == network.layer_size
        torch.testing.assert_close(layers[:, -48:], network.features(power))
        torch.testing.assert_close(network.of_layers(layers), network(power))


def test_the_taught_branch_is_fitted_on_what_the_split_lets_a_run_hear(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store")
    network = TimbreNet(SMALL.width, SMALL.dimensions, SMALL.hidden).eval()
    third, fold = (fit_taught(store, network, split, RECIPE) for split in ("third", "0/5"))
    assert third.factor.shape == (network.layer_size + 182, 6) and np.isfinite(third.factor).all()
    known = dict(np.load(store / "taught.npz"))
    known["goal"][known["owner"] >= 9] = np.nan  # Label 3 is kept out.
    np.savez(store / "taught.npz", **known)
    np.testing.assert_array_equal(fit_taught(store, network, "third", RECIPE).factor, third.factor)
    assert np.abs(fold.factor - third.factor).max() > 0
    (store / "taught.npz").unlink()
    with pytest.raises(ValueError, match="taught.npz is missing. `fetch` writes it"):
        fit_taught(store, network, "third", RECIPE)


class Statistics(torch.nn.Module):
    """In the place of the descriptor's graph: two matrices over the first samples."""

    def __init__(self) -> None:
        super().__init__()
        self.timbre, self.harmony = torch.nn.Linear(400, 182), torch.nn.Linear(400, 420)

    def forward(self, pcm: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.timbre(pcm[:, :400]), self.harmony(pcm[:, :400])


@pytest.mark.parametrize("names", [BRANCHES, ("learned", "timbre", "harmony"), ("learned", "taught", "harmony")])
def test_the_graph_gives_what_numpy_gives_with_and_without_the_branch(names: tuple[str, ...]) -> None:
    torch.manual_seed(9)
    network, statistics, random = TimbreNet(8, 16, 24).eval(), Statistics().eval(), np.random.default_rng(10)
    free = {name: {0: "batch"} for name in ("pcm", "timbre", "harmony")}
    free["pcm"][1] = "samples"
    made = _to_onnx(statistics, (torch.randn(2, 100_000),), ["pcm"], ["timbre", "harmony"], free)
    sizes = {"learned": 16, "taught": network.layer_size + 182, "timbre": 182, "harmony": 420}
    branches = {n: Projection(random.standard_normal((sizes[n], 5)), random.standard_normal(5)) for n in names}
    shares = {name: 1 / len(names) for name in names}
    graph = build_graph(network, made, branches, shares)
    pcm = (0.1 * random.standard_normal((2, 90_000))).astype(np.float32)
    with torch.inference_mode():
        learned, layers = (x.numpy() for x in Learned(network).eval()(torch.from_numpy(pcm)))
        timbre, harmony = (x.numpy() for x in statistics(torch.from_numpy(pcm)))
    inputs = {"learned": learned, "taught": taught_inputs(layers, timbre), "timbre": timbre, "harmony": harmony}
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    got = session.run(["embedding"], {"pcm": pcm})[0]
    np.testing.assert_allclose(got, embed(inputs, branches, shares), atol=2e-4)


def test_the_goals_are_as_many_as_musicnn_pools() -> None:
    assert POOLED == 753
