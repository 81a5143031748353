"""Trains the music head of a model: it judges from a window's vector whether the window is music, after the gate.

    python training/gate/music_head.py SET --model embedding-worker/models/builtin [--write]

SET is what sounds.py wrote. The vectors of windows of 5 and 10 s come from the model itself, and are stored in SET. Figures
are cross-validated by source, as in train.py: sounds of one source are never on both sides, and no clip of the benchmark
is trained on. With --write, trains on all of SET, writes music-head.json into the model's folder and names it in
model.json.

The form of music-head.json is that of embedding-worker/music-head.ts. Standardisation is part of the first layer.
"""
import argparse
import base64
import hashlib
import json
import pathlib

import numpy as np
import onnxruntime
import torch

import train

RATE = 16_000
WINDOWS_SEC = (5, 10)
SILENCE_DB = -55  # src/audio/gate/levels.ts
HIDDEN = 64
EPOCHS = 15
# Noise on standardised vectors. Without noise, the head fits the sources of the training: at 1 % of music lost, it kept out 4 %
# of unseen speech instead of 99 %.
NOISE = 1.5
DROPOUT = 0.3
# A window is rejected above the first, in natural logarithms of odds; above the second, if the gate rejects it too.
REJECT_ABOVE = 2.0
CONFIRM_ABOVE = 0.5


# Music with talk over it is music, as singing is, of which the corpus has little. Decibels of the music above the talk.
MIX_DB = (-3, 12)


def mixes_of(sounds, pcm):
    """Yields for each recording of speech ten seconds of it with music below: the line of the speech, which is never on both
    sides of the validation, and samples."""
    rng = np.random.default_rng(5)
    music = [sound for sound in sounds if (sound["set"], sound["label"]) == ("train", "music")]
    size = 10 * RATE
    for line, sound in enumerate(sounds):
        if (sound["set"], sound["label"]) != ("train", "speech") or sound["length"] < size:
            continue
        other = music[rng.integers(len(music))]
        at = rng.integers(max(1, other["length"] - size))
        low = np.resize(pcm[other["offset"] :][: other["length"]][at : at + size].astype(np.float32), size)
        talk = pcm[sound["offset"] :][:size].astype(np.float32)
        gain = 10 ** (rng.uniform(*MIX_DB) / 20) * np.sqrt(np.mean(talk**2) / (np.mean(low**2) + 1))
        mixed = talk + gain * low
        yield line, (mixed / (np.abs(mixed).max() + 1) * rng.uniform(0.1, 0.9)).astype(np.float32)


def vectors_of(folder, model):
    """@returns the vectors; of each its line in sounds.jsonl, the length of its window, and whether it is a mix. Silence is left
    out."""
    manifest = json.loads((model / "model.json").read_text())
    stored = folder / f"vectors-{manifest['network']['sha256'][:12]}.npz"
    if not stored.exists():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(model / manifest["network"]["file"]), options)
        pcm = np.memmap(folder / "sounds.i16", "<i2", "r")
        sounds = [json.loads(line) for line in open(folder / "sounds.jsonl")]
        vectors, lines, lengths, mixed = [], [], [], []
        alone = ((i, pcm[s["offset"] :][: s["length"]].astype(np.float32) / 32768, False) for i, s in enumerate(sounds))
        for line, samples, is_mix in [*alone, *((i, x, True) for i, x in mixes_of(sounds, pcm))]:
            for seconds in WINDOWS_SEC:
                size = seconds * RATE
                x = np.tile(samples, 1 + size // len(samples))[:size] if len(samples) < size else samples
                for at in range(0, len(x) - size + 1, size):
                    window = x[at : at + size]
                    level = np.sqrt(np.mean(window.reshape(-1, RATE // 50) ** 2, 1))
                    if 20 * np.log10(np.quantile(level, 0.95) + 1e-10) < SILENCE_DB:
                        continue
                    feed = {manifest["network"]["input"]: window[None]}
                    vectors.append(session.run([manifest["network"]["output"]], feed)[0][0])
                    lines.append(line)
                    lengths.append(seconds)
                    mixed.append(is_mix)
        arrays = dict(lines=lines, lengths=lengths, mixed=mixed)
        np.savez(stored, vectors=np.array(vectors, np.float32), **{name: np.array(of) for name, of in arrays.items()})
    with np.load(stored) as arrays:
        return arrays["vectors"], arrays["lines"], arrays["lengths"], arrays["mixed"]


def fit(x, y, w, seed):
    torch.manual_seed(seed)
    shape = (torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Dropout(DROPOUT))
    net = torch.nn.Sequential(torch.nn.Dropout(DROPOUT), *shape, torch.nn.Linear(HIDDEN, len(train.CLASSES)))
    x, y, w = torch.tensor(x), torch.tensor(y), torch.tensor(w)
    optimiser = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(512):
            optimiser.zero_grad()
            noisy = x[batch] + NOISE * torch.randn(len(batch), x.shape[1])
            loss = torch.nn.functional.cross_entropy(net(noisy), y[batch], reduction="none", label_smoothing=0.03)
            (loss * w[batch]).mean().backward()
            optimiser.step()
        schedule.step()
    return net.eval()


def log_probabilities(net, x):
    with torch.no_grad():
        return torch.log_softmax(net(torch.tensor(x)), 1).numpy()


def against_music(scores):
    """Natural logarithm of the odds that it is not music."""
    return np.logaddexp.reduce(scores[:, 1:], 1) - scores[:, 0]


def report(odds, sets, labels, lengths):
    limits = (CONFIRM_ABOVE, 1, 1.5, REJECT_ABOVE, 2.5, 3)
    print(f"{'':32} windows", *[f"  > {limit}" for limit in limits])
    for group in sorted(set(zip(sets, labels, lengths))):
        mine = (sets == group[0]) & (labels == group[1]) & (lengths == group[2])
        shares = [f"{np.mean(odds[mine] > limit):7.1%}" for limit in limits]
        print(f"{group[0]} {group[1]}, {group[2]} s".ljust(32), f"{mine.sum():7}", *shares)


def head_of(net, mean, scale, trained_on):
    first, last = net[1], net[4]
    hidden = (first.weight / torch.tensor(scale)).detach().numpy()
    bias = first.bias.detach().numpy() - hidden @ mean

    def packed(values):
        return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()

    return dict(
        # The kind that each output counts as.
        kinds=["music", "applause", *["noise"] * (len(train.CLASSES) - 2)],
        # The network whose vectors it knows, as the manifest names it.
        trainedOn=trained_on,
        rejectAbove=REJECT_ABOVE,
        confirmAbove=CONFIRM_ABOVE,
        hidden=packed(hidden),
        hiddenBias=packed(bias),
        out=packed(last.weight.detach().numpy()),
        outBias=packed(last.bias.detach().numpy()),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("set", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sounds = [json.loads(line) for line in open(args.set / "sounds.jsonl")]
    vectors, lines, lengths, mixed = vectors_of(args.set, args.model)
    labels, sets, sources = (np.array([sounds[i][key] for i in lines]) for key in ("label", "set", "source"))
    labels, sets = np.where(mixed, "music", labels), np.where(mixed, "train-talk", sets)
    never = np.char.startswith(sets, "bench")
    trainable = ~never & np.isin(labels, train.CLASSES)
    y = np.array([train.CLASSES.index(label) if label in train.CLASSES else -1 for label in labels])
    mean, scale = vectors[trainable].mean(0), vectors[trainable].std(0)
    x = (vectors - mean) / scale
    fold = np.array([train.fold_of(source) for source in sources])
    odds = np.zeros(len(x), np.float32)
    for held in range(train.FOLDS):
        use = trainable & (fold != held)
        net = fit(x[use], y[use], train.class_weights(labels[use], sources[use]), seed=held)
        # The benchmark is in no fold: each head judges its share.
        mine = (~never & (fold == held)) | (never & (lines % train.FOLDS == held))
        odds[mine] = against_music(log_probabilities(net, x[mine]))
    print(f"cross-validated by source, {train.FOLDS} folds: windows that are rejected")
    report(odds, sets, labels, lengths)
    if args.write:
        net = fit(x[trainable], y[trainable], train.class_weights(labels[trainable], sources[trainable]), seed=0)
        print("trained on everything")
        report(against_music(log_probabilities(net, x)), sets, labels, lengths)
        manifest = json.loads((args.model / "model.json").read_text())
        head = head_of(net, mean, scale, manifest["network"]["sha256"])
        # A line each, as the formatter wants it.
        text = "{\n" + ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in head.items()) + "\n}\n"
        (args.model / "music-head.json").write_text(text)
        of = dict(file="music-head.json", sha256=hashlib.sha256(text.encode()).hexdigest(), bytes=len(text.encode()))
        canary = manifest.pop("canary", None)
        manifest["musicHead"] = of
        if canary is not None:
            manifest["canary"] = canary
        (args.model / "model.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
