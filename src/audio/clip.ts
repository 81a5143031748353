/** Clips to hear: parts of recordings as mp3, at one loudness, with short fades; and two of them after one another.
 *
 *  One ffmpeg run reads the library's file and the query's and writes all three files of a match: starting a process
 *  costs more than cutting ten seconds.
 */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { writeAllAtomically } from '../io/durable-file.ts';
import { audioStreamOf } from './choose-stream.ts';
import { startDeadline } from './deadline.ts';
import { failureOf, isDiskFull } from './failure.ts';
import { type FfmpegExit, type FfmpegJob, startFfmpeg } from './ffmpeg.ts';
import { type AudioInput, checkInput, inputOf, type OpenableInput, openable } from './input.ts';
import type { AudioLimits } from './limits.ts';

/** A part of a recording. */
export interface ClipSource extends AudioInput {
  readonly startSec: number;
  readonly durationSec: number;
  /** Level of that part in dBFS, RMS: what is added or taken away to bring it to the level of all clips. */
  readonly loudnessDb: number;
}

export interface ClipTags {
  readonly title: string;
  readonly artist: string | null;
  readonly comment: string;
}

export interface ClipOutput {
  /** An mp3 file; its folder exists. Written aside and renamed, so that it is whole or not there. */
  readonly path: string;
  readonly tags: ClipTags;
}

export interface MatchClips {
  readonly yours: ClipSource;
  readonly theirs: ClipSource;
  readonly outputs: { readonly yours: ClipOutput; readonly theirs: ClipOutput; readonly ab: ClipOutput };
}

export interface ClipOptions {
  readonly limits: AudioLimits;
  readonly signal: AbortSignal;
}

/** Where all clips are brought to: about the level of a mastered classical recording, with room for its peaks. */
const targetDb = -20;
/** Nothing is made louder than this much, so that hiss stays hiss. */
const gainMaxDb = 24;
/** Full scale is 1; a limiter holds what the gain would push over it. */
const peakMax = 0.95;
const fadeSec = 0.05;
const pauseSec = 0.5;
export const bitrateKbps = 128;
const outputFormat = 'aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo';

/** Cuts the two windows of a match, and joins them: yours, half a second of silence, theirs.
 *
 *  @throws {RangeError} on times that make no sense
 *  @throws {LeitmotifError} file-unreadable, audio-*, disk-full, cancelled, tool-missing */
export async function cutMatch({ yours, theirs, outputs }: MatchClips, options: ClipOptions): Promise<void> {
  const graph = [
    `[0:a:0]${levelled(yours)},asplit=2[yours][first]`,
    `[1:a:0]${levelled(theirs)},asplit=2[theirs][second]`,
    `anullsrc=r=44100:cl=stereo:d=${pauseSec},${outputFormat}[pause]`,
    '[first][pause][second]concat=n=3:v=0:a=1[ab]',
  ];
  await writeMp3s(
    [yours, theirs],
    graph.join(';'),
    [
      { ...outputs.yours, label: 'yours' },
      { ...outputs.theirs, label: 'theirs' },
      { ...outputs.ab, label: 'ab' },
    ],
    { ...options, bitrateKbps },
  );
}

/** Parts of recordings as clips of one loudness, in one run.
 *  @throws as cutMatch */
export async function cutClips(
  clips: readonly { readonly source: ClipSource; readonly output: ClipOutput }[],
  options: ClipOptions,
): Promise<void> {
  const graph = clips.map(({ source }, i) => `[${i}:a:0]${levelled(source)}[clip${i}]`);
  const outputs = clips.map(({ output }, i) => ({ ...output, label: `clip${i}` }));
  const sources = clips.map(({ source }) => source);
  await writeMp3s(sources, graph.join(';'), outputs, { ...options, bitrateKbps });
}

/** Windows of one recording as clips of one loudness: decoded once, from the first to the last of them.
 *  @param windows one or more, in order of their starts; they may overlap
 *  @throws as cutMatch */
export async function cutWindows(
  input: AudioInput,
  windows: readonly (Omit<ClipSource, keyof AudioInput> & { readonly output: ClipOutput })[],
  options: ClipOptions,
): Promise<void> {
  const startSec = windows[0]?.startSec ?? Number.NaN;
  const endSec = Math.max(...windows.map((window) => window.startSec + window.durationSec));
  const names = windows.map((_, i) => `[window${i}]`);
  const graph = windows.map((window, i) => {
    const from = window.startSec - startSec;
    const trim = `atrim=start=${from.toFixed(6)}:end=${(from + window.durationSec).toFixed(6)},asetpts=PTS-STARTPTS`;
    return `${names[i]}${trim},${levelled({ ...input, ...window })}[clip${i}]`;
  });
  const split = `[0:a:0]${outputFormat},asplit=${windows.length}${names.join('')}`;
  const outputs = windows.map(({ output }, i) => ({ ...output, label: `clip${i}` }));
  const source = { ...input, startSec, durationSec: endSec - startSec };
  await writeMp3s([source], [split, ...graph].join(';'), outputs, { ...options, bitrateKbps });
}

/** A part as it is, encoded anew: what somebody would have who recorded or cut it out.
 *  @throws as cutMatch */
export async function cutExcerpt(
  source: Omit<ClipSource, 'loudnessDb'>,
  output: ClipOutput,
  options: ClipOptions & { readonly bitrateKbps: number },
): Promise<void> {
  await writeMp3s([source], `[0:a:0]${outputFormat}[part]`, [{ ...output, label: 'part' }], options);
}

/** Constant gain, so that the music's own dynamics stay; a look-ahead limiter for the peaks; fades against clicks. */
function levelled({ durationSec, loudnessDb }: ClipSource): string {
  const gainDb = Math.min(targetDb - loudnessDb, gainMaxDb);
  const fadeOutAt = Math.max(durationSec - fadeSec, 0);
  return [
    outputFormat,
    `volume=${gainDb.toFixed(2)}dB`,
    `alimiter=limit=${peakMax}:level=false`,
    `afade=t=in:d=${fadeSec}`,
    `afade=t=out:st=${fadeOutAt.toFixed(3)}:d=${fadeSec}`,
    outputFormat,
  ].join(',');
}

type Labelled = ClipOutput & { readonly label: string };

async function writeMp3s(
  sources: readonly Omit<ClipSource, 'loudnessDb'>[],
  filterGraph: string,
  outputs: readonly Labelled[],
  { limits, signal, bitrateKbps: kbps }: ClipOptions & { readonly bitrateKbps: number },
): Promise<void> {
  for (const source of sources) await checkInput(source, limits);
  await using opened = new AsyncDisposableStack();
  const inputs: OpenableInput[] = [];
  for (const source of sources) inputs.push(opened.use(await openable(source)));
  const deadline = startDeadline(signal, limits.deadlineMs);
  try {
    const streams: number[] = [];
    for (const input of inputs) streams.push(await audioStreamOf(input, limits, deadline.signal));
    const { memoryMaxBytes, deadlineMs, niceness = 0 } = limits;
    const write = async (partials: readonly string[]): Promise<void> => {
      const job: FfmpegJob = {
        inputs: sources.map((source, i) => {
          const { url, options } = inputOf(inputs[i] ?? source);
          return { url, options: [...(i === 0 ? globals : []), ...options, ...part(source)] };
        }),
        filterGraph: withStreams(filterGraph, streams),
        outputs: outputs.map((output, i) => ({ target: partials[i] ?? '', options: mp3Options(output, kbps) })),
      };
      const run = startFfmpeg(job, { memoryMaxBytes, cpuMaxSec: deadlineMs / 1000, niceness, signal: deadline.signal });
      run.stdout.resume();
      const exit = await run.exited;
      if (isDiskFull(exit)) throw deadline.failure() ?? diskFull(outputs, exit);
      if (!exit.ok) throw deadline.failure() ?? failureOf(exit);
    };
    // Two requests for one clip may cut it twice; the later one replaces it with an equal file.
    await writeAllAtomically(
      outputs.map((output) => output.path),
      write,
    );
  } finally {
    deadline.stop();
  }
}

/** @param graph as if every input were heard by its first stream */
function withStreams(graph: string, streams: readonly number[]): string {
  return graph.replace(/\[(\d+):a:0\]/g, (_, input: string) => `[${input}:a:${streams[Number(input)] ?? 0}]`);
}

/** ffmpeg does not name the output that the full disk stopped, but all outputs are in one folder. */
function diskFull([output]: readonly Labelled[], { stderr }: FfmpegExit): LeitmotifError {
  const message = `Cannot write clips to ${path.dirname(output?.path ?? '')}: the disk is full`;
  return new LeitmotifError('disk-full', message, { cause: new Error(stderr) });
}

const globals = ['-nostdin', '-hide_banner', '-loglevel', 'level+error', '-y'];

function part({ startSec, durationSec }: Omit<ClipSource, 'loudnessDb'>): string[] {
  if (!(startSec >= 0 && durationSec > 0 && Number.isFinite(startSec + durationSec))) {
    throw new RangeError(`Cannot cut a clip: expected a start from 0 and a length, got ${startSec} and ${durationSec}`);
  }
  return ['-ss', startSec.toFixed(6), '-t', durationSec.toFixed(6)];
}

/** ID3 version 3 is what old players read too. The source's own tags and pictures stay behind. */
function mp3Options({ label, tags }: Labelled, kbps: number): string[] {
  const named = Object.entries({ title: tags.title, artist: tags.artist, comment: tags.comment });
  return [
    ...['-map', `[${label}]`, '-map_metadata', '-1', '-c:a', 'libmp3lame', '-b:a', `${kbps}k`, '-id3v2_version', '3'],
    ...named.flatMap(([name, value]) => (value === null ? [] : ['-metadata', `${name}=${value.replaceAll('\0', '')}`])),
    ...['-f', 'mp3'],
  ];
}
