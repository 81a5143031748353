"""Damage in the domain of mel power: cheap enough to be drawn anew for every crop. All shapes [batch, BANDS, frames]."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .mel import BANDS, HIGH_HZ, LOW_HZ


def _chance(count: int, share: float, random: torch.Generator) -> Tensor:
    return (torch.rand(count, 1, 1, generator=random) < share).float()


def _uniform(count: int, low: float, high: float, random: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, 1, 1, generator=random)


def _band_hz() -> Tensor:
    to_mel = lambda hz: 2595 * math.log10(1 + hz / 700)  # noqa: E731
    mel = torch.linspace(to_mel(LOW_HZ), to_mel(HIGH_HZ), BANDS + 2)[1:-1]
    return 700 * (10 ** (mel / 2595) - 1)


def warp(power: Tensor, frames: int, random: torch.Generator, strong: Tensor) -> Tensor:
    """Pitch and tempo moved, together or apart: up to 2 semitones and 12 % where `strong` [batch, 1, 1] is 1.

    @param power longer than `frames` by a quarter at least; the crop begins anywhere within what is left over
    """
    count, _, length = power.shape
    semitones = _uniform(count, -2, 2, random) * _chance(count, 0.5, random) * strong
    rate = 1 + _uniform(count, -0.12, 0.12, random) * _chance(count, 0.5, random) * strong
    speed = _chance(count, 0.4, random)
    factor = 2 ** (semitones / 12)
    rate = rate * (1 - speed) + factor * speed
    hz = _band_hz()
    mel = 2595 * torch.log10(1 + hz[None, :] / factor[:, :, 0] / 700)
    low, high = 2595 * math.log10(1 + LOW_HZ / 700), 2595 * math.log10(1 + HIGH_HZ / 700)
    rows = (mel - low) / (high - low) * (BANDS + 1) - 1
    spare = length - frames * rate[:, :, 0]
    begin = spare * torch.rand(count, 1, generator=random)
    columns = begin + torch.arange(frames)[None, :] * rate[:, :, 0]
    grid = torch.empty(count, BANDS, frames, 2)
    grid[..., 0] = (columns * 2 / (length - 1) - 1)[:, None, :]
    grid[..., 1] = (rows * 2 / (BANDS - 1) - 1)[:, :, None]
    moved = F.grid_sample(power[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True)
    return moved[:, 0]


def damage(power: Tensor, noise: Tensor, random: torch.Generator, strength: Tensor) -> Tensor:
    """A random chain of what phones, rooms, pubs and codecs do.

    @param noise mel power of as many noise clips, any level
    @param strength [batch, 1, 1]: 0 leaves a crop alone, 1 damages it fully
    """
    count, bands, frames = power.shape
    hz = _band_hz()[None, :, None]
    power = power / (power.mean((1, 2), keepdim=True) + 1e-12)
    power = _reverb(power, random, strength * _chance(count, 0.3, random))
    # An equaliser: a few slow cosines over the mel axis, up to 10 dB.
    axis = torch.linspace(0, math.pi, bands)[None, :, None]
    curve = torch.zeros(count, bands, 1)
    for order in (1, 2, 3, 5):
        curve = curve + _uniform(count, -1, 1, random) / order**0.5 * torch.cos(
            order * axis + _uniform(count, 0, 6.3, random)
        )
    equalise = strength * _chance(count, 0.7, random)
    power = power * 10 ** (0.1 * equalise * _uniform(count, 0, 8, random) * curve)
    # Noise, before the telephone as well as after the equaliser.
    noise = noise / (noise.mean((1, 2), keepdim=True) + 1e-12)
    ratio = 10 ** (-_uniform(count, -3, 18, random) / 10)
    power = power / (power.mean((1, 2), keepdim=True) + 1e-12) + noise * ratio * strength * _chance(count, 0.5, random)
    # A narrow band: slopes of 12 to 36 dB an octave.
    slope = _uniform(count, 2, 6, random) * 2
    low = 10 ** _uniform(count, math.log10(90), math.log10(450), random)
    high = 10 ** _uniform(count, math.log10(2400), math.log10(6500), random)
    narrow = strength * _chance(count, 0.4, random)
    gain_low = 1 / (1 + (low / hz) ** slope)
    gain_high = 1 / (1 + (hz / high) ** slope)
    power = power * (1 + narrow * (gain_low * gain_high - 1))
    # Compression: loud frames turned down.
    loud = power.mean(1, keepdim=True)
    loud = F.avg_pool1d(F.pad(loud, (3, 3), mode="replicate"), 7, 1)
    squeeze = strength * _chance(count, 0.3, random) * _uniform(count, 0.2, 0.8, random)
    power = power * (loud / loud.mean(2, keepdim=True) + 1e-3) ** -squeeze
    # A codec: what lies far below its neighbours in time and frequency falls into holes; sometimes all above a cut.
    codec = strength * _chance(count, 0.25, random)
    around = F.avg_pool2d(power[:, None], (9, 5), 1, (4, 2))[:, 0]
    holes = (power < around * _uniform(count, 0.02, 0.35, random)).float() * codec
    cut = (hz > _uniform(count, 3500, 9000, random)).float() * codec
    power = power * (1 - 0.97 * torch.maximum(holes, cut))
    return power


def _reverb(power: Tensor, random: torch.Generator, on: Tensor) -> Tensor:
    """Power smeared along time by an exponential tail, 0.15 to 1 s per 60 dB."""
    count, _, frames = power.shape
    decay = 10 ** (-6 * 0.032 / _uniform(count, 0.15, 1.0, random))
    lag = torch.arange(frames)[None, None, :] - torch.arange(frames)[None, :, None]
    kernel = torch.where(lag > 0, decay ** lag.clamp(min=0), torch.zeros(()))
    tail = power @ kernel * (1 - decay)
    return power + tail * on * _uniform(count, 0.3, 2.5, random)


def mask(power: Tensor, random: torch.Generator, strength: Tensor) -> Tensor:
    """One stripe of bands or of time taken away."""
    count, bands, frames = power.shape
    for size, axis in ((bands, 1), (frames, 2)):
        start, width = _uniform(count, 0, size * 0.85, random), _uniform(count, 0, size * 0.15, random)
        at = torch.arange(size).reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
        inside = ((at >= start) & (at < start + width)).float() * strength * _chance(count, 0.25, random)
        power = power * (1 - 0.999 * inside)
    return power
