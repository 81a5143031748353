"""Contrastive losses over a batch and a queue of what earlier batches gave.

@see Khosla et al. 2020 (supervised contrastive learning); Wang et al. 2020 (cross-batch memory)
"""

from __future__ import annotations

import torch
from torch import Tensor


def contrast(
    vectors: Tensor, tracks: Tensor, labels: Tensor, bank: tuple[Tensor, Tensor, Tensor], temperature: float = 0.1
) -> tuple[Tensor, Tensor]:
    """(track loss, soundtrack loss), each a mean over crops.

    The first wants a crop nearest to other crops of its track, tracks of the same soundtrack counting neither way. The
    second wants it nearer to its soundtrack than to others.

    @param vectors [batch, dimensions], unit length; `bank` holds vectors, tracks and labels of earlier batches
    @param labels a soundtrack of one track has a label of its own
    """
    others = torch.cat([vectors, bank[0]])
    scores = vectors @ others.T / temperature
    scores = scores - scores.max(1, keepdim=True).values.detach()
    all_tracks, all_labels = torch.cat([tracks, bank[1]]), torch.cat([labels, bank[2]])
    not_self = torch.ones_like(scores, dtype=torch.bool)
    not_self[:, : len(vectors)].fill_diagonal_(False)
    same_track = (tracks[:, None] == all_tracks[None]) & not_self
    same_label = (labels[:, None] == all_labels[None]) & not_self
    by_track = _mean_log_share(scores, same_track, not_self & (~same_label | same_track))
    by_label = _mean_log_share(scores, same_label, not_self)
    return by_track, by_label


def _mean_log_share(scores: Tensor, positive: Tensor, counted: Tensor) -> Tensor:
    total = torch.logsumexp(scores.masked_fill(~counted, -1e9), 1, keepdim=True)
    log_share = (scores - total) * positive
    return -(log_share.sum(1) / positive.sum(1).clamp(min=1)).mean()
