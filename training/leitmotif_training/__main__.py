"""The commands of the training.

python -m leitmotif_training fetch      audio through apt, decoded, analysed, damaged, heard by the teacher
python -m leitmotif_training train      the network; the same command resumes
python -m leitmotif_training evaluate   all spaces side by side on the benchmark's development half
python -m leitmotif_training distil     a student of MusiCNN; the same command resumes
python -m leitmotif_training export     embedding-worker/models/builtin
python -m leitmotif_training export-musicnn    src/models/musicnn; needs no music
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import torch

from .corpus import SPLITS

REPOSITORY = Path(__file__).resolve().parents[2]


PROGRAMS = {"ffmpeg": "ffmpeg", "fluidsynth": "fluidsynth", "espeak-ng": "espeak-ng", "unzip": "unzip", "dpkg": "dpkg"}
"""What `fetch` runs, and the Debian package that holds it."""


def refuse_missing_programs() -> None:
    """Before an hour of work, not after it."""
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        raise SystemExit(
            f"Cannot fetch: programs are missing. Run this, then try again: apt-get install {' '.join(missing)}"
        )


def fetch(bench: Path, cache: Path, store: Path) -> None:
    from . import corpus, damaged_training, features, levels, taught, teacher

    refuse_missing_programs()
    store.mkdir(parents=True, exist_ok=True)
    # The clone's own where the machine's is too old: scripts/setup.mjs puts it there.
    own_node = REPOSITORY / "node_modules/.bin/node"
    program = str(own_node) if own_node.exists() else "node"
    node = [program, "bench/quality/corpus.ts", "--bench", str(bench), "--cache", str(cache)]
    # What apt does not have is named on its standard error and left out.
    subprocess.run(node, cwd=REPOSITORY, check=False)
    statistics = store / "statistics.onnx"
    build = [program, "scripts/build-descriptor.ts", "--statistics", str(statistics)]
    subprocess.run(build, cwd=REPOSITORY, check=True)
    steps = {
        "tracks.json": lambda: corpus.build_store(bench, cache, store),
        "noise.f16": lambda: levels.build_levels(store),
        "train.npz": lambda: damaged_training.build(store, statistics),
        "teacher.npy": lambda: teacher.write_teacher(store),
        "taught.npz": lambda: taught.write_taught(store),
        "library.npz": lambda: features.build_library(store),
        "damaged.npz": lambda: features.build_damaged(store, bench),
        "musicnn.npz": lambda: teacher.write_baseline(store),
    }
    for name, make in steps.items():
        if not (store / name).exists():
            make()


WITHOUT = {
    "teacher": {"teacher_weight": 0.0},
    "copies": {"copies": 0.0},
    "scores": {"scores": False},
    "soundtracks": {"label_weight": 0.0},
}
"""Parts of the training and the settings that leave them out: the teacher, damaged copies, rendered scores, and the loss that
knows soundtracks."""


def _start(name: str, store: Path) -> str:
    """The file that a name on the command line means; '' for ''."""
    if name == "shipped":
        from .shipped import FILE

        return str(FILE)
    run = store / "runs" / name / "checkpoint.pt"
    return str(run if name and run.exists() else name)


def distil(store: Path, run: Path, options: argparse.Namespace) -> None:
    """Trains the student; runs the teacher first if neither the store nor the repository holds its targets."""
    from . import mixtures, targets, teacher_segments
    from .distil import Settings
    from .distil import distil as train_student

    file = store / targets.FILE.name
    if not file.exists() and targets.FILE.exists():
        shutil.copyfile(targets.FILE, file)
    if not file.exists():
        teacher_segments.write_pooled(store)
        targets.write_targets(store)
    if options.mixtures > 0:
        mixtures.write_mixtures(store, options.split, options.mixtures)
    settings = Settings(
        minutes=options.minutes,
        steps=options.steps,
        start=_start(options.start, store),
        seed=options.seed,
        split=options.split,
        mixed=0.5 if mixtures.mixtures_file(store, options.split).exists() else 0.0,
    )
    train_student(store, run, settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["fetch", "train", "distil", "evaluate", "export", "export-musicnn", "data"])
    parser.add_argument("--bench", type=Path, default=REPOSITORY / "../shared/bench-dev")
    parser.add_argument("--cache", type=Path, default=REPOSITORY / ".cache")
    parser.add_argument(
        "--run",
        default="main",
        help="name of the run: its folder in the store; evaluate, export: `shipped` is the network of the shipped graph",
    )
    parser.add_argument("--minutes", type=float, default=68, help="how long to train, all sittings together")
    parser.add_argument("--steps", type=int, default=1_000_000, help="the most batches to train")
    parser.add_argument("--split", choices=SPLITS, default=SPLITS[0], help="which soundtracks are kept out")
    parser.add_argument("--start", default="", help="train on from: `shipped`, a graph, a checkpoint, or a run's name")
    parser.add_argument("--rate", type=float, default=2e-3, help="the learning rate at its height")
    parser.add_argument("--cycles", type=int, default=1, help="how often the learning rate falls from its height")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--without", nargs="*", choices=WITHOUT, default=[], help="parts to leave out, to see what they bring"
    )
    parser.add_argument("--against", default="", help="evaluate: the run to compare with in pairs, or `shipped`")
    parser.add_argument("--folds", nargs="*", default=[], help="evaluate: runs of the five folds, pooled")
    parser.add_argument(
        "--keep-hand-made",
        action="store_true",
        help="evaluate, export: hand-made branches as shipped; needs no train.npz",
    )
    parser.add_argument("--out", type=Path, help="export: where to (the product's own folder)")
    parser.add_argument(
        "--mixtures", type=float, default=0, help="distil: minutes to let the teacher hear mixtures before the training"
    )
    parser.add_argument("--bfloat16", action="store_true", help="train in bfloat16, for processors with AMX or AVX-512 BF16")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    bench, cache = options.bench.resolve(), options.cache.resolve()
    store = cache / "training"
    torch.set_num_threads(options.threads)
    run = store / "runs" / options.run
    judged = Path(_start("shipped", store)) if options.run == "shipped" else run / "checkpoint.pt"
    if options.command == "fetch":
        fetch(bench, cache, store)
    elif options.command == "train":
        from .train import Settings, train

        left_out = {name: value for part in options.without for name, value in WITHOUT[part].items()}
        settings = Settings(
            minutes=options.minutes,
            steps=options.steps,
            split=options.split,
            start=_start(options.start, store),
            rate=options.rate,
            cycles=options.cycles,
            seed=options.seed,
            bfloat16=options.bfloat16,
            **left_out,
        )
        train(store, run, settings, options.threads)
    elif options.command == "distil":
        distil(store, run, options)
    elif options.command == "evaluate":
        from .compare import print_folds, print_pairs
        from .compare_student import print_student
        from .evaluate import print_all

        if (run / "student.pt").exists():
            print_student(store, run / "student.pt")
        elif options.folds:
            print_folds(
                store, [store / "runs" / name / "checkpoint.pt" for name in options.folds], options.keep_hand_made
            )
        elif options.against:
            print_pairs(store, judged, _start(options.against, store), options.keep_hand_made)
        else:
            print_all(store, judged, options.keep_hand_made)
    elif options.command == "data":
        from .corpus import data_table, open_store

        print(data_table(open_store(store)[0]))
    elif options.command == "export-musicnn":
        from .export_musicnn import FOLDER, REFERENCE
        from .export_musicnn import export as export_musicnn

        # The product's test compares with the product's own folder only.
        export_musicnn(options.out or FOLDER, None if options.out else REFERENCE)
    else:
        from .export import export

        target = options.out or REPOSITORY / "embedding-worker/models/builtin"
        export(store, judged, target, options.keep_hand_made)


if __name__ == "__main__":
    main()
