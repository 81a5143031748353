"""Writes test/fixtures/reference: what Python's own code makes of signals that the tests can make again.

    python training/reference/make_fixtures.py
"""

import logging
import platform

import numpy
import tokenizers
import torch
import transformers

import clap
import wav2vec2
from files import FOLDER, write_json


def main() -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    # One thread adds in one order: the same fixtures each time, on one kind of machine.
    torch.set_num_threads(1)
    clap.write_front_end()
    clap.write_model()
    wav2vec2.write_models()
    write_json(
        "versions.json",
        {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "tokenizers": tokenizers.__version__,
        },
    )
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.stat().st_size:>9} {path.name}")


if __name__ == "__main__":
    main()
