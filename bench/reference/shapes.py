"""Networks of the published models' size, with random weights: as fast as the real ones, and worth nothing else.

The configurations are written out by hand, so that no hub is asked for them.
"""

import torch
from transformers import ClapConfig, ClapModel, Wav2Vec2Config, Wav2Vec2Model

# audio_config of laion/larger_clap_music_and_speech (HTSAT-base) and of laion/clap-htsat-unfused (HTSAT-tiny); their
# exports hold 70 and 29 million weights, as these do.
CLAP_AUDIO = {
    "clap-shape": {
        "patch_embeds_hidden_size": 128,
        "hidden_size": 1024,
        "depths": [2, 2, 12, 2],
        "num_attention_heads": [4, 8, 16, 32],
    },
    "clap-small-shape": {
        "patch_embeds_hidden_size": 96,
        "hidden_size": 768,
        "depths": [2, 2, 6, 2],
        "num_attention_heads": [4, 8, 16, 32],
    },
}
# The text side is not measured: it is made as small as it can be.
CLAP_TEXT = {"vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}

NAMES = (*CLAP_AUDIO, "wav2vec2-shape")


def build(name: str) -> torch.nn.Module:
    """The same weights each time, in evaluation mode."""
    torch.manual_seed(0)
    if name == "wav2vec2-shape":
        # facebook/wav2vec2-base is what the library's defaults describe.
        return Wav2Vec2Model(Wav2Vec2Config()).eval()
    config = ClapConfig(text_config=CLAP_TEXT, audio_config={**CLAP_AUDIO[name], "projection_dim": 512})
    model = ClapModel(config).eval()
    # The levels are around -30 dB; without this the random network sees nothing but their size.
    normalisation = model.audio_model.audio_encoder.batch_norm
    with torch.no_grad():
        normalisation.running_mean.fill_(-30)
        normalisation.running_var.fill_(900)
    return model


def is_clap(name: str) -> bool:
    return name in CLAP_AUDIO
