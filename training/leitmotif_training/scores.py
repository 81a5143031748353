"""Rendered scores: little pieces that are composed here by rule, played by fluidsynth with General MIDI soundfonts.

A *style* (instruments, soundfont, tempo, mode, texture, drums) stands for a soundtrack: its pieces differ in chords, melody
and key. The same score in another key, tempo and soundfont is another *rendering* of it. Nothing is taken from anywhere:
the seed is the source.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from .corpus import RATE_HZ, decode

SOUNDFONTS = (
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/sf_GMbank.sf2",
)
"""Debian packages timgm6mb-soundfont, fluid-soundfont-gm and csound-soundfont."""
MODES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10)}
TICKS = 480
LEADS = (0, 4, 6, 11, 22, 24, 27, 40, 42, 46, 52, 56, 60, 65, 68, 71, 73, 75, 79, 80, 81, 85, 104)
PADS = (16, 19, 44, 48, 49, 50, 52, 61, 88, 89, 91, 92, 94, 95)
BASSES = (32, 33, 34, 36, 38, 39, 43, 58, 70)


@dataclass(frozen=True)
class Style:
    """How a score is played. Programs count from 0; beats in a minute."""

    soundfont: int
    lead: int
    pad: int
    bass: int
    arpeggio: int | None
    drums: int
    tempo: float
    reverb: float
    register: int


@dataclass(frozen=True)
class Score:
    """What is played: a chord for each bar (root in semitones above the tonic, third), a melody in scale steps."""

    mode: str
    roots: tuple[int, ...]
    melody: tuple[tuple[int, float], ...]
    """(scale step, beats) until the bars are full."""


def random_style(random: np.random.Generator, soundfonts: list[int]) -> Style:
    return Style(
        soundfont=int(random.choice(soundfonts)),
        lead=int(random.choice(LEADS)),
        pad=int(random.choice(PADS)),
        bass=int(random.choice(BASSES)),
        arpeggio=int(random.choice(LEADS)) if random.random() < 0.5 else None,
        drums=int(random.choice([0, 0, 1, 2, 3])),
        tempo=float(random.uniform(60, 160)),
        reverb=float(random.uniform(0, 0.9)),
        register=int(random.integers(-1, 2)),
    )


def random_score(random: np.random.Generator, bars: int = 16) -> Score:
    mode = str(random.choice(list(MODES)))
    pattern = [0, *random.choice(7, 3)]
    variant = [*pattern[:3], int(random.choice(7))]
    steps = [*pattern, *variant] * (bars // 8 + 1)
    melody, left, step = [], bars * 4.0, int(random.integers(0, 7))
    while left > 0:
        beats = min(left, float(random.choice([0.5, 0.5, 1, 1, 1.5, 2, 3])))
        step = int(np.clip(step + random.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]), -3, 10))
        melody.append((step, beats))
        left -= beats
    return Score(mode, tuple(int(s) for s in steps[:bars]), tuple(melody))


def _pitch(score: Score, step: int, tonic: int) -> int:
    return tonic + 12 * (step // 7) + MODES[score.mode][step % 7]


def to_midi(score: Score, style: Style, key: int, seed: int = 0) -> mido.MidiFile:
    """@param key semitones above C"""
    random = np.random.default_rng(seed)
    events: list[tuple[float, mido.Message]] = []

    def note(channel: int, pitch: int, at: float, beats: float, velocity: int) -> None:
        pitch, velocity = int(np.clip(pitch, 0, 127)), int(np.clip(velocity + random.integers(-8, 9), 1, 127))
        events.append((at, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
        events.append((at + beats * 0.95, mido.Message("note_off", channel=channel, note=pitch)))

    programs = {0: style.lead, 1: style.pad, 2: style.bass, 3: style.arpeggio}
    for channel, program in programs.items():
        if program is not None:
            events.append((0.0, mido.Message("program_change", channel=channel, program=program)))
            events.append(
                (0.0, mido.Message("control_change", channel=channel, control=91, value=int(127 * style.reverb)))
            )
    at = 0.0
    for step, beats in score.melody:
        note(0, _pitch(score, step, 60 + key + 12 * style.register), at, beats, 95)
        at += beats
    for bar, root in enumerate(score.roots):
        chord = [_pitch(score, root + third, 48 + key) for third in (0, 2, 4)]
        for pitch in chord:
            note(1, pitch, bar * 4, 4, 62)
        note(2, chord[0] - 12, bar * 4, 2, 85)
        note(2, chord[0] - 12, bar * 4 + 2, 2, 75)
        if style.arpeggio is not None:
            for eighth in range(8):
                note(3, chord[eighth % 3] + 12, bar * 4 + eighth / 2, 0.5, 70)
        for beat in range(4 * style.drums if style.drums < 3 else 16):
            place = bar * 4 + beat * 4 / (4 * style.drums if style.drums < 3 else 16)
            note(9, 36 if beat % (2 * style.drums) == 0 else 42, place, 0.2, 80)
            if beat % (2 * style.drums) == style.drums:
                note(9, 38, place, 0.2, 90)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(style.tempo))])
    last = 0
    for beat, message in sorted(events, key=lambda event: event[0]):
        tick = round(beat * TICKS)
        track.append(message.copy(time=tick - last))
        last = tick
    file = mido.MidiFile(ticks_per_beat=TICKS)
    file.tracks.append(track)
    return file


def render(midi: mido.MidiFile, soundfont: int, seconds: float) -> np.ndarray:
    """int16 at 16 kHz, at most `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        source, wave = Path(folder) / "score.mid", Path(folder) / "score.wav"
        midi.save(source)
        command = [
            "fluidsynth",
            "-ni",
            "-q",
            "-r",
            "32000",
            "-g",
            "0.6",
            "-F",
            str(wave),
            SOUNDFONTS[soundfont],
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return decode(str(wave))[: int(seconds * RATE_HZ)]


def available_soundfonts() -> list[int]:
    return [number for number, path in enumerate(SOUNDFONTS) if Path(path).exists()]
