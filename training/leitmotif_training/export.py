"""Writes the trained model as one ONNX graph with its manifest.

The hand-made statistics come as a graph of their own (scripts/build-builtin-model.ts --statistics), the network and the
projections from here; the three are joined into one: `pcm` [batch, samples] -> `embedding` [batch, dimensions].
"""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import compose
from torch import Tensor, nn
from torch.nn import functional as F

from .corpus import open_store
from .evaluate import fitted
from .features import WINDOW, Analyser, windows
from .mel import MelPower
from .model import MIXTURE, Mixture, embed
from .network import TimbreNet
from .projection import Projection
from .taught import taught_inputs
from .train import load_averaged

OPSET = 13
"""That of the statistics graph: the two can be joined only if they agree."""


class Learned(nn.Module):
    """Samples to the network's vector and to what all of its layers hear; the recording's level is taken out inside."""

    def __init__(self, network: TimbreNet) -> None:
        super().__init__()
        self.mel, self.network = MelPower(), network

    def forward(self, pcm: Tensor) -> tuple[Tensor, Tensor]:
        layers = self.network.layers(self.mel(pcm))
        return self.network.of_layers(layers), layers


def head_inputs(branches: dict[str, Projection]) -> list[str]:
    """What the head reads: the taught branch reads the layers and the statistics of timbre."""
    read = {name for name in branches if name != "taught"} | ({"layers", "timbre"} if "taught" in branches else set())
    return [name for name in ("learned", "layers", "timbre", "harmony") if name in read]


class Head(nn.Module):
    """Projects, brings to unit length, weighs and joins."""

    def __init__(self, branches: dict[str, Projection], shares: dict[str, float]) -> None:
        super().__init__()
        self.names, self.inputs = list(branches), head_inputs(branches)
        self.roots = {name: float(np.sqrt(shares[name])) for name in branches}
        for name, projection in branches.items():
            self.register_buffer(f"{name}_factor", torch.tensor(projection.factor, dtype=torch.float32))
            self.register_buffer(f"{name}_offset", torch.tensor(projection.offset, dtype=torch.float32))

    def forward(self, *given: Tensor) -> Tensor:
        inputs = dict(zip(self.inputs, given))
        if "taught" in self.names:
            inputs["taught"] = torch.cat([inputs["layers"], inputs["timbre"]], dim=1)
        parts = []
        for name in self.names:
            x = inputs[name]
            projected = x @ getattr(self, f"{name}_factor") + getattr(self, f"{name}_offset")
            parts.append(F.normalize(projected, dim=1, eps=1e-9) * self.roots[name])
        return F.normalize(torch.cat(parts, dim=1), dim=1, eps=1e-9)


def _to_onnx(
    module: nn.Module, inputs: tuple[Tensor, ...], names: list[str], outputs: list[str], free: dict
) -> onnx.ModelProto:
    file = Path("/tmp") / f"leitmotif-{outputs[0]}.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            file,
            input_names=names,
            output_names=outputs,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(file)
    file.unlink()
    model.ir_version = 8
    return model


def build_graph(
    network: TimbreNet, statistics: onnx.ModelProto, branches: dict[str, Projection], shares: dict[str, float]
) -> onnx.ModelProto:
    """The whole graph, checked."""
    network = network.to(memory_format=torch.contiguous_format)
    free = {"pcm": {0: "batch", 1: "samples"}, "learned": {0: "batch"}, "layers": {0: "batch"}}
    net = _to_onnx(Learned(network), (torch.randn(2, 100_000),), ["pcm"], ["learned", "layers"], free)
    net = compose.add_prefix(net, "net_", rename_inputs=False, rename_outputs=False)
    joined = _side_by_side(net, statistics)
    sizes = {"layers": network.layer_size, **{name: branches[name].factor.shape[0] for name in branches}}
    if "taught" in branches:
        sizes["timbre"] = sizes["taught"] - sizes["layers"]
    names = head_inputs(branches)
    inputs = tuple(torch.randn(2, sizes[name]) for name in names)
    free = {name: {0: "batch"} for name in (*names, "embedding")}
    head = _to_onnx(Head(branches, shares), inputs, names, ["embedding"], free)
    head = compose.add_prefix(head, "head_", rename_inputs=True, rename_outputs=False)
    joints = [(name, f"head_{name}") for name in names]
    whole = compose.merge_models(joined, head, joints, outputs=["embedding"])
    whole.graph.name = "leitmotif_builtin"
    whole.producer_name = "leitmotif"
    whole.producer_version = ""
    onnx.checker.check_model(whole, full_check=True)
    return whole


def _side_by_side(first: onnx.ModelProto, second: onnx.ModelProto) -> onnx.ModelProto:
    """One graph with the one input that both read."""
    graph = onnx.helper.make_graph(
        [*first.graph.node, *second.graph.node],
        "joined",
        [onnx.helper.make_tensor_value_info("pcm", onnx.TensorProto.FLOAT, ["batch", "samples"])],
        [*first.graph.output, *second.graph.output],
        [*first.graph.initializer, *second.graph.initializer],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    return model


VERSION = "3.0.0"
AGREEMENT = 1e-4
"""The largest difference of any number between the graph in ONNX Runtime and the same model in PyTorch and numpy."""


def export(store: Path, checkpoint: Path, folder: Path, keep_hand_made: bool = False) -> None:
    """Fits the projections on the training windows, joins the graph, checks it against PyTorch, writes it."""
    network, mixture = load_averaged(checkpoint), Mixture.read(MIXTURE)
    branches = fitted(store, checkpoint, network, mixture, keep_hand_made)
    graph = build_graph(network, onnx.load(store / "statistics.onnx"), branches, mixture.shares)
    folder.mkdir(parents=True, exist_ok=True)
    analyser = Analyser(store / "statistics.onnx")

    def expected(window: np.ndarray) -> np.ndarray:
        timbre, harmony, _ = analyser(window)
        with torch.inference_mode():
            learned, layers = (found.numpy() for found in Learned(network).eval()(torch.from_numpy(window)[None]))
        taught = taught_inputs(layers, timbre[None])
        inputs = {"learned": learned, "taught": taught, "timbre": timbre[None], "harmony": harmony[None]}
        return embed(inputs, branches, mixture.shares)[0]

    canary = expected(canary_window())
    write_model(folder, graph, VERSION, canary)
    difference = largest_difference(store, expected, folder / "builtin.onnx")
    size = (folder / "builtin.onnx").stat().st_size
    print(f"{folder}: {len(canary)} dimensions, {size} bytes, ONNX Runtime off by {difference:.1e}")
    if not difference <= AGREEMENT:
        raise ValueError(f"Cannot export: expected ONNX Runtime within {AGREEMENT} of PyTorch, got {difference}")


def largest_difference(store: Path, expected: Callable[[np.ndarray], np.ndarray], file: Path) -> float:
    """Over 24 windows of as many recordings, each number of each vector."""
    tracks, pcm = open_store(store)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    worst = 0.0
    for track in tracks[:: len(tracks) // 24]:
        for _, _, window in list(windows(np.asarray(pcm[track.start : track.start + WINDOW])))[:1]:
            got = session.run(["embedding"], {"pcm": window[None]})[0][0]
            worst = max(worst, float(np.abs(got - expected(window)).max()))
    return worst


def canary_window() -> np.ndarray:
    """The ten seconds of noise that embedding-worker/engines/canary.ts makes, float32 [WINDOW]."""
    state, out = 1, np.empty(WINDOW)
    for at in range(WINDOW):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        out[at] = (state / 2**32 - 0.5) * 0.2
    return out.astype(np.float32)


def write_model(folder: Path, graph: onnx.ModelProto, version: str, canary: np.ndarray) -> None:
    """`builtin.onnx` and `model.json`; `canary` is the vector that the canary window has, computed without the graph."""
    content = graph.SerializeToString(deterministic=True)
    (folder / "builtin.onnx").write_bytes(content)
    manifest = {
        "name": "builtin",
        "version": version,
        "licence": "MIT",
        "family": "pcm",
        "sampleRateHz": 16_000,
        "dimensions": len(canary),
        "precision": "fp32",
        "frontEnd": "pcm16k-1",
        "windowSec": {"min": 5, "max": 10, "default": 10},
        "network": {
            "file": "builtin.onnx",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "input": "pcm",
            "output": "embedding",
        },
        "canary": base64.b64encode(canary.astype("<f4").tobytes()).decode(),
    }
    (folder / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")
