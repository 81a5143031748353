"""Trains the gate's head on what sounds.py gathered and features.ts measured, and prints how well it does.

    python train.py DIR [--weights ../../src/audio/gate/weights.ts]

Figures are cross-validated by source: tracks of one soundtrack, voices of one package and machines of one name are
never on both sides. No clip of the benchmark is trained on: each fold's head judges a share of them. With --weights,
trains once more on everything and writes the table that the product reads.
"""
import argparse
import json
import pathlib
import zlib

import numpy as np
import torch

KINDS = ["music", "applause", "noise"]
# What the head distinguishes; whatever is neither music nor applause counts as noise. Five classes of noise instead of one
# kept out 65 instead of 46 % of crowds, 86 instead of 75 % of clicks, at the same loss of music.
CLASSES = ["music", "applause", "crowd", "speech", "noise", "machine", "clicks"]
CLASS_WEIGHT = {"music": 4.0, "applause": 1.0, "crowd": 0.7, "speech": 1.2, "noise": 0.5, "machine": 0.6, "clicks": 0.3}
FOLDS = 5
HIDDEN = 24
# As in src/audio/gate/course.ts and head.ts.
MUSIC_BONUS = 2.0
SWITCH_COST = 4.0
CERTAIN_BONUS = 8.0
LIKELY_BONUS = 3.0


def load(folder):
    sounds = [json.loads(line) for line in open(folder / "sounds.jsonl")]
    names = json.loads((folder / "features.json").read_text())
    rows = np.fromfile(folder / "features.f32", np.float32).reshape(-1, 4 + len(names))
    return sounds, names, rows


def fold_of(source):
    return zlib.crc32(source.encode()) % FOLDS


class Head(torch.nn.Module):
    def __init__(self, centre, scale):
        super().__init__()
        self.register_buffer("centre", torch.tensor(centre))
        self.register_buffer("scale", torch.tensor(scale))
        self.hidden = torch.nn.Linear(len(centre), HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, len(CLASSES))

    def forward(self, x):
        # Held at 4 deviations: what was never heard must not be extrapolated to certainty.
        x = torch.clamp((x - self.centre) / self.scale, -4, 4)
        return self.out(torch.tanh(self.hidden(x)))


def fit(x, y, w, seed, epochs=40):
    torch.manual_seed(seed)
    head = Head(x.mean(0), x.std(0) + 1e-3)
    x, y, w = torch.tensor(x), torch.tensor(y), torch.tensor(w)
    optimiser = torch.optim.AdamW(head.parameters(), lr=8e-3, weight_decay=3e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=generator).split(2048):
            optimiser.zero_grad()
            noisy = x[batch] + 0.3 * head.scale * torch.randn(len(batch), x.shape[1], generator=generator)
            loss = torch.nn.functional.cross_entropy(head(noisy), y[batch], reduction="none", label_smoothing=0.03)
            (loss * w[batch]).sum().div(w[batch].sum()).backward()
            optimiser.step()
        schedule.step()
    return head.eval()


def weights_of(sounds, line):
    """Equal voice to each source of a class, in root proportion, and to classes as CLASS_WEIGHT says."""
    return class_weights(np.array([sounds[i]["label"] for i in line]), np.array([sounds[i]["source"] for i in line]))


def class_weights(labels, sources):
    w = np.zeros(len(labels), np.float32)
    for label in set(labels):
        mine = labels == label
        unique, inverse, counts = np.unique(sources[mine], return_inverse=True, return_counts=True)
        w[mine] = 1 / np.sqrt(counts[inverse])
        w[mine] *= CLASS_WEIGHT[label] / w[mine].sum()
    return w / w.mean()


def kinds_along(scores, quiet):
    """The most likely course of kinds: Viterbi, a switch costs. Quiet moments say nothing."""
    scores = np.where(quiet[:, None], 0, scores)
    best, back = scores[0].copy(), []
    for now in scores[1:]:
        switch = best.max() - SWITCH_COST
        back.append(np.where(best >= switch, np.arange(len(best)), best.argmax()))
        best = np.maximum(best, switch) + now
    path = [int(best.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return np.array(path[::-1])


def window_kind(scores, quiet):
    path = kinds_along(scores, quiet)[~quiet]
    if len(path) == 0:
        return 0
    counts = np.bincount(path, minlength=len(KINDS))
    return 0 if 2 * counts[0] >= len(path) else 1 + int(counts[1:].argmax())


def rules(x, names):
    """What src/audio/gate/rules.ts adds to the head's scores."""
    of = {name: x[:, i] for i, name in enumerate(names)}
    persistence, peaks = of["persistence within a pair"], of["peaks of the mean spectrum"]
    bands = 10 ** (np.stack([of[f"band {i}"] for i in range(7)], 1) / 10)
    bass = 10 * np.log10(bands[:, :2].sum(1) / bands.sum(1))
    applause = (persistence < 0.14) & (peaks < 2.5) & (of["roughness"] < 6.05) & (bass < -10)
    applause &= (of["crest"] > 9.6) & (of["level step, 20 ms"] > 0.62)
    plain = ~applause & (persistence < 0.06) & (peaks < 1.35) & (of["roughness"] < 5.5)
    steady = plain & (of["level step, 20 ms"] < 0.65)
    noise = np.where(steady, CERTAIN_BONUS, LIKELY_BONUS * plain)
    return np.stack([0 * bass, np.where(of["band 6"] < -25, LIKELY_BONUS, CERTAIN_BONUS) * applause, noise], 1)


def windows_of(rows):
    keys = rows[:, 0].astype(int) * 10000 + rows[:, 1].astype(int)
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return list(zip(starts, [*starts[1:], len(rows)]))


def log_probabilities(head, x):
    """Shape [moments][KINDS]."""
    with torch.no_grad():
        of = torch.log_softmax(head(torch.tensor(x)), 1)
        return torch.cat([of[:, :2], of[:, 2:].logsumexp(1, keepdim=True)], 1).numpy()


def judge(title, sounds, rows, scores, bonus=MUSIC_BONUS):
    table, wrong = {}, {}
    scores = scores + np.array([bonus, 0, 0], np.float32)
    for a, b in windows_of(rows):
        sound = sounds[int(rows[a, 0])]
        name = (sound["set"], sound["label"])
        kind = window_kind(scores[a:b], rows[a:b, 3] == 1)
        table.setdefault(name, np.zeros(3, int))[kind] += 1
        if (kind != 0) == (sound["label"] == "music"):
            wrong.setdefault(name, {}).setdefault(sound["source"], 0)
            wrong[name][sound["source"]] += 1
    print(title)
    for name in sorted(table):
        row = table[name]
        worst = sorted(wrong.get(name, {}).items(), key=lambda item: -item[1])[:4]
        print(f"  {' '.join(name):24} {row.sum():6}  music {row[0] / row.sum():6.1%}  applause {row[1] / row.sum():6.1%}"
              f"  noise {row[2] / row.sum():6.1%}   {', '.join(f'{s[-40:]} {n}' for s, n in worst)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--weights", type=pathlib.Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    sounds, names, rows = load(args.dir)
    rows = rows[[sounds[int(line)]["label"] != "silence" for line in rows[:, 0]]]
    line, quiet, x = rows[:, 0].astype(int), rows[:, 3] == 1, rows[:, 4:].copy()
    # Surroundings and silence are only judged, never trained on.
    y = np.array([CLASSES.index(label) if (label := sounds[i]["label"]) in CLASSES else -1 for i in line])
    fold = np.array([fold_of(sounds[i]["source"]) for i in line])
    never = np.array([sounds[i]["set"].startswith("bench") for i in line])
    trainable = ~never & ~quiet
    scores = np.zeros((len(rows), len(KINDS)), np.float32)
    for held in range(FOLDS):
        train = trainable & (fold != held)
        head = fit(x[train], y[train], weights_of(sounds, line[train]), seed=held)
        mine = (fold == held) & ~never
        scores[mine] = log_probabilities(head, x[mine])
        # The benchmark is in no fold: each head judges its share.
        share = never & (line % FOLDS == held)
        scores[share] = log_probabilities(head, x[share])
    np.savez(args.dir / "scores.npz", scores=scores, rows=rows[:, :4])
    scores += rules(x, names)
    for bonus in (MUSIC_BONUS - 0.5, MUSIC_BONUS, MUSIC_BONUS + 0.5):
        judge(f"cross-validated by source, {FOLDS} folds, music's bonus {bonus}", sounds, rows, scores, bonus)
    if args.weights:
        head = fit(x[trainable], y[trainable], weights_of(sounds, line[trainable]), seed=0)
        judge("trained on everything", sounds, rows, log_probabilities(head, x) + rules(x, names))
        write(head, names, args.weights)


def write(head, names, file):
    def numbers(tensor):
        return "[" + ", ".join(f"{value:.5g}" for value in tensor.flatten().tolist()) + "]"

    file.write_text(
        "/** The gate's head as training/gate/train.py wrote it: see training/gate/README.md. Not edited by hand. */\n"
        "export const gateWeights = {\n"
        f"  /** The kind that each output counts as. */\n  kinds: {json.dumps([*KINDS[:2], *['noise'] * len(CLASSES[2:])])},\n"
        f"  features: {json.dumps(names)},\n"
        f"  centre: {numbers(head.centre)},\n  scale: {numbers(head.scale)},\n"
        "  /** Shape [hidden][features], row by row. */\n"
        f"  hidden: {numbers(head.hidden.weight)},\n  hiddenBias: {numbers(head.hidden.bias)},\n"
        "  /** Shape [outputs][hidden], row by row. */\n"
        f"  out: {numbers(head.out.weight)},\n  outBias: {numbers(head.out.bias)},\n}} as const;\n"
    )


if __name__ == "__main__":
    main()
