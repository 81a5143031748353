"""The commands of the training.

python -m leitmotif_training fetch      audio through apt, decoded, analysed, damaged, heard by the teacher
python -m leitmotif_training train      the network; the same command resumes
python -m leitmotif_training evaluate   all spaces side by side on the benchmark's development half
python -m leitmotif_training export     embedding-worker/models/builtin
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import torch

REPOSITORY = Path(__file__).resolve().parents[2]


def fetch(bench: Path, cache: Path, store: Path) -> None:
    from . import corpus, damaged_training, features, levels, teacher

    store.mkdir(parents=True, exist_ok=True)
    node = ["node", "bench/quality/corpus.ts", "--bench", str(bench), "--cache", str(cache)]
    # What apt does not have is named on its standard error and left out.
    subprocess.run(node, cwd=REPOSITORY, check=False)
    statistics = store / "statistics.onnx"
    build = ["node", "scripts/build-descriptor.ts", "--statistics", str(statistics)]
    subprocess.run(build, cwd=REPOSITORY, check=True)
    steps = {
        "tracks.json": lambda: corpus.build_store(bench, cache, store),
        "noise.f16": lambda: levels.build_levels(store),
        "train.npz": lambda: damaged_training.build(store, statistics),
        "teacher.npy": lambda: teacher.write_teacher(store),
        "library.npz": lambda: features.build_library(store),
        "damaged.npz": lambda: features.build_damaged(store, bench),
        "musicnn.npz": lambda: teacher.write_baseline(store),
    }
    for name, make in steps.items():
        if not (store / name).exists():
            make()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["fetch", "train", "evaluate", "export", "data"])
    parser.add_argument("--bench", type=Path, default=REPOSITORY / "../shared/bench-dev")
    parser.add_argument("--cache", type=Path, default=REPOSITORY / ".cache")
    parser.add_argument("--run", default="main", help="name of the run: its folder in the store")
    parser.add_argument("--minutes", type=float, default=68, help="how long to train, all sittings together")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    bench, cache = options.bench.resolve(), options.cache.resolve()
    store = cache / "training"
    torch.set_num_threads(options.threads)
    run = store / "runs" / options.run
    if options.command == "fetch":
        fetch(bench, cache, store)
    elif options.command == "train":
        from .train import Settings, train

        train(store, run, Settings(minutes=options.minutes), options.threads)
    elif options.command == "evaluate":
        from .evaluate import print_all

        print_all(store, run / "checkpoint.pt")
    elif options.command == "data":
        from .corpus import data_table, open_store

        print(data_table(open_store(store)[0]))
    else:
        from .export import export

        export(store, run / "checkpoint.pt", REPOSITORY / "embedding-worker/models/builtin")


if __name__ == "__main__":
    main()
