"""A small network that learns from MusiCNN what it hears: deeper than the timbre network, read out at every depth."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .mel import BANDS
from .network import TimbreNet


class Residual(nn.Module):
    """Adds to its maps what one convolution hears in them. Dense convolutions are what processors are fast at: one that looks
    at each channel alone has a sixteenth of the products here and takes longer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.same = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.same(x))


class StudentNet(nn.Module):
    """Mel power [batch, BANDS, frames] -> guesses [batch, dimensions], not normalised. The planes are those of TimbreNet.

    Each stage halves bands and frames and doubles the channels. Its maps are mixed over the bands and read out as
    mean, deviation and maximum over time, as the teacher pools its own.
    """

    def __init__(self, width: int = 24, dimensions: int = 128, readout: int = 192) -> None:
        super().__init__()
        self.settings = {"width": width, "dimensions": dimensions, "readout": readout}
        self.stem = nn.Sequential(nn.Conv2d(2, width, 5, 2, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        stages, mixes, before, bands = [], [], width, BANDS // 2
        for depth, blocks in enumerate((1, 1, 2)):
            channels, bands = 2 * width << depth, bands // 2
            down = [nn.Conv2d(before, channels, 3, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
            stages.append(nn.Sequential(*down, *(Residual(channels) for _ in range(blocks))))
            mixes.append(
                nn.Sequential(nn.Conv1d(channels * bands, readout, 1, bias=False), nn.BatchNorm1d(readout), nn.ReLU())
            )
            before = channels
        self.stages, self.mixes = nn.ModuleList(stages), nn.ModuleList(mixes)
        self.head = nn.Sequential(nn.BatchNorm1d(9 * readout), nn.Dropout(0.1), nn.Linear(9 * readout, dimensions))

    planes = TimbreNet.planes

    def start_from(self, before: TimbreNet) -> None:
        """Takes over the stem and the blocks of a trained timbre network of the same width. A second residual of a stage adds
        nothing at first."""
        self.stem.load_state_dict(before.stem.state_dict())
        for stage, block in zip(self.stages, before.body):
            for part, trained in ((stage[0], block.down[0]), (stage[1], block.down[1]), (stage[3].same, block.same)):
                part.load_state_dict(trained.state_dict())
            for residual in stage[4:]:
                nn.init.zeros_(residual.same[1].weight)

    def features(self, power: Tensor) -> Tensor:
        """What all stages read out, [batch, 9 * readout]."""
        return _over_time(self._maps(power))

    def features_of_halves(self, power: Tensor, halved: int) -> Tensor:
        """`features` of all windows, then of the first and of the second halves of the last `halved` windows: [batch + 2 * halved, 9 * readout].

        Convolutions take all of the time; three targets a window cost what one costs.
        """
        maps = self._maps(power)
        found = [_over_time(maps)]
        for half in (0, 1) if halved > 0 else ():
            parts = [heard[-halved:].chunk(2, 2)[half] for heard in maps]
            found.append(_over_time(parts))
        return torch.cat(found)

    def _maps(self, power: Tensor) -> list[Tensor]:
        """What each stage hears at each moment, [batch, readout, moments]."""
        x = self.stem(self.planes(power).contiguous(memory_format=torch.channels_last))
        maps = []
        for stage, mix in zip(self.stages, self.mixes):
            x = stage(x)
            maps.append(mix(x.flatten(1, 2)).float())
        return maps

    def forward(self, power: Tensor) -> Tensor:
        return self.head(self.features(power))


def _over_time(maps: list[Tensor]) -> Tensor:
    found = []
    for heard in maps:
        mean = heard.mean(2)
        spread = ((heard - mean.unsqueeze(2)) ** 2).mean(2)
        found += [mean, torch.sqrt(spread + 1e-5), heard.amax(2)]
    return torch.cat(found, 1)
