"""A small tokenizer of RoBERTa's form, trained on our own sentences."""

from tokenizers import ByteLevelBPETokenizer, Tokenizer
from tokenizers.processors import RobertaProcessing
from transformers import RobertaTokenizerFast

from files import FOLDER

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
PAD_ID = 1

SENTENCES = (
    "a slow waltz for strings",
    "Solo piano, quiet and thoughtful.",
    "the hall applauds after the last chord",
    "heavy drums, distorted guitars & a shouting choir!",
    "music for a boss fight in a role-playing game",
    "  two  spaces, a\ttab and a line\nbreak  ",
    "Größe, Überschwang, čtyři housle, 尺八, 🎻",
    "it's the piece that we've heard; don't they're I'll",
    "1, 22, 333: 4/4 at 120 bpm",
    "",
    " ".join(["a long description of a long piece of music that goes on and on"] * 12),
)


def train_tokenizer() -> RobertaTokenizerFast:
    bpe = ByteLevelBPETokenizer(add_prefix_space=False, trim_offsets=True)
    bpe.train_from_iterator(SENTENCES, vocab_size=400, min_frequency=2, special_tokens=SPECIAL, show_progress=False)
    tokenizer = Tokenizer.from_str(bpe.to_str())
    tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    tokenizer.save(str(FOLDER / "clap-random-tokenizer.json"))
    return RobertaTokenizerFast(tokenizer_object=tokenizer)
