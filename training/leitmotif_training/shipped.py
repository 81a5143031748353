"""The model that is shipped, read back from its graph: to compare with, and to train on from.

The export folds every normalisation that follows a convolution into it. `unfolded` gives them back, with statistics of
music that is at hand, so that training goes on from there instead of first wrecking what was learned.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .model import BRANCHES
from .network import TimbreNet
from .projection import Projection

FOLDER = Path(__file__).resolve().parents[2] / "embedding-worker/models/builtin"
FILE = FOLDER / "builtin.onnx"


def read_shipped(file: Path = FILE) -> tuple[TimbreNet, dict[str, Projection], dict[str, float]]:
    """(the network, ready to be asked; projections; shares) of a graph that `export` wrote."""
    graph = onnx.load(file).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    branches = {
        name: Projection(values[f"head_{name}_factor"], values[f"head_{name}_offset"])
        for name in BRANCHES
        if f"head_{name}_factor" in values
    }
    return _network(graph, values), branches, _shares(graph, list(branches))


def _network(graph: onnx.GraphProto, values: dict[str, np.ndarray]) -> TimbreNet:
    # In the order in which they are computed, which is that of the network's own modules.
    found = [[values[name] for name in node.input[1:]] for node in graph.node if _is_convolution(node)]
    if not found:
        raise ValueError("Cannot read the network: the graph holds no convolutions of one")
    width, (hidden, *_) = len(found[0][0]), found[-1][0].shape
    network = TimbreNet(width, len(values["net_network.head.2.bias"]), hidden).eval()
    pairs = folded_pairs(network)
    if len(found) != len(pairs) or any(len(entry) != 2 for entry in found):
        raise ValueError(f"Cannot read the network: expected {len(pairs)} convolutions with a bias, got {len(found)}")
    with torch.no_grad():
        for (convolution, norm), (weight, bias) in zip(pairs, found):
            convolution.weight.copy_(torch.from_numpy(weight.copy()))
            norm.bias.copy_(torch.from_numpy(bias.copy()))
            norm.weight.fill_(1)
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
        for name, value in network.head.state_dict().items():
            if value.dtype.is_floating_point:
                value.copy_(torch.from_numpy(values[f"net_network.head.{name}"].copy()))
    return network


def _is_convolution(node: onnx.NodeProto) -> bool:
    return node.op_type == "Conv" and node.output[0].startswith("net_")


def _shares(graph: onnx.GraphProto, names: list[str]) -> dict[str, float]:
    """The head multiplies each branch by the root of its share, in their order."""
    constants = {n.output[0]: numpy_helper.to_array(n.attribute[0].t) for n in graph.node if n.op_type == "Constant"}
    roots = [
        float(constants[node.input[1]])
        for node in graph.node
        if node.op_type == "Mul" and node.output[0].startswith("head_") and node.input[1] in constants
    ]
    if len(roots) != len(names):
        raise ValueError(f"Cannot read the shares: expected {len(names)}, got {len(roots)}")
    return {name: root**2 for name, root in zip(names, roots)}


def folded_pairs(network: TimbreNet) -> list[tuple[nn.Module, nn.Module]]:
    """Each convolution with the normalisation after it, in the order of computing."""
    modules = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Conv1d, nn.BatchNorm2d, nn.BatchNorm1d))]
    return [(a, b) for a, b in zip(modules, modules[1:]) if isinstance(a, (nn.Conv2d, nn.Conv1d))]


def unfold(network: TimbreNet, power: Tensor) -> None:
    """Gives each normalisation the mean and variance that it has on `power` [crops, BANDS, frames], and a scale and shift
    that undo them: the function stays what it was, and training sees normalised sums again."""
    network.eval()
    for convolution, norm in folded_pairs(network):
        sums = _output_of(convolution, network, power)
        axes = [axis for axis in range(sums.dim()) if axis != 1]
        mean, variance = sums.mean(axes), sums.var(axes, unbiased=False)
        with torch.no_grad():
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            shift = norm.bias - norm.running_mean * scale
            norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
            norm.bias.copy_(shift + mean * scale)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)


def _output_of(module: nn.Module, network: TimbreNet, power: Tensor) -> Tensor:
    heard: list[Tensor] = []
    hook = module.register_forward_hook(lambda _module, _input, output: heard.append(output))
    with torch.no_grad():
        network(power)
    hook.remove()
    return heard[0]
