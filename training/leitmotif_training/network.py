"""The learned timbre branch: a small residual convolution network over log-mel power."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .mel import BANDS

POWER_FLOOR = 1e-4
"""Relative to the window's mean band power: 40 dB below it is called quiet."""


class Block(nn.Module):
    """Half the resolution, twice the channels, then one residual convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, 2, 1, bias=False), nn.BatchNorm2d(channels_out), nn.ReLU()
        )
        self.same = nn.Sequential(
            nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False), nn.BatchNorm2d(channels_out)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        return torch.relu(x + self.same(x))


class TimbreNet(nn.Module):
    """Mel power [batch, 64, frames] -> embedding [batch, dimensions], not normalised.

    Two channels go in: log power relative to the window's mean, and the same less each band's mean over time, in which
    a fixed equaliser or a telephone band leaves no trace.
    """

    def __init__(self, width: int = 24, dimensions: int = 128, hidden: int = 256) -> None:
        super().__init__()
        self.settings = {"width": width, "dimensions": dimensions, "hidden": hidden}
        self.stem = nn.Sequential(nn.Conv2d(2, width, 5, 2, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.body = nn.Sequential(Block(width, 2 * width), Block(2 * width, 4 * width), Block(4 * width, 8 * width))
        self.mix = nn.Sequential(nn.Conv1d(4 * 8 * width, hidden, 1, bias=False), nn.BatchNorm1d(hidden), nn.ReLU())
        self.head = nn.Sequential(nn.BatchNorm1d(2 * hidden), nn.Dropout(0.1), nn.Linear(2 * hidden, dimensions))

    def planes(self, power: Tensor) -> Tensor:
        """[batch, 64, frames] -> [batch, 2, 64, frames], about unit scale."""
        level = power.mean(dim=(1, 2), keepdim=True)
        log = torch.log(power / (level + 1e-12) + POWER_FLOOR)
        return torch.stack([log * 0.4 + 1.6, (log - log.mean(2, keepdim=True)) * 0.6], dim=1)

    def features(self, power: Tensor) -> Tensor:
        """Mean and deviation over time of what each moment sounds like, [batch, 2 * hidden]."""
        x = self.body(self.stem(self.planes(power).contiguous(memory_format=torch.channels_last)))
        return _moments(self.mix(x.flatten(1, 2)))

    def layers(self, power: Tensor) -> Tensor:
        """The same of every block's maps, then the features, [batch, layer_size].

        What the last layers hear fits the soundtracks that were trained on; what the first ones hear serves any music.
        """
        x = self.stem(self.planes(power).contiguous(memory_format=torch.channels_last))
        found = []
        for block in self.body:
            x = block(x)
            found.append(_moments(x.flatten(1, 2)))
        return torch.cat([*found, _moments(self.mix(x.flatten(1, 2)))], dim=1)

    @property
    def layer_blocks(self) -> list[int]:
        """How many numbers of `layers` are of each block, then of the features. Each block halves the bands and doubles the
        channels, so that all give as much."""
        return [2 * self.settings["width"] * BANDS // 2] * len(self.body) + [2 * self.settings["hidden"]]

    @property
    def layer_size(self) -> int:
        return sum(self.layer_blocks)

    def of_layers(self, layers: Tensor) -> Tensor:
        """What `forward` gives, of what `layers` gave."""
        return self.head(layers[:, -2 * self.settings["hidden"] :])

    def forward(self, power: Tensor) -> Tensor:
        return self.head(self.features(power))


def _moments(x: Tensor) -> Tensor:
    """[batch, channels, frames] -> mean and deviation over time, [batch, 2 * channels]."""
    mean = x.mean(2)
    spread = ((x - mean.unsqueeze(2)) ** 2).mean(2)
    return torch.cat([mean, torch.sqrt(spread + 1e-5)], dim=1)
