"""Random weights that let a model tell its inputs apart.

The libraries' own initial weights are so small that every input comes out the same: a wrong front-end would pass.
"""

import torch


@torch.no_grad()
def randomise(model: torch.nn.Module) -> None:
    """In place, from torch's seed: matrices keep a signal's size, biases are small, normalisations stay as they are."""
    for name, weight in model.named_parameters():
        if weight.dim() >= 2:
            fan_in = weight[0].numel()
            weight.normal_(0, fan_in**-0.5)
        elif "norm" not in name.lower() and name.endswith("bias"):
            weight.normal_(0, 0.1)
