/** Cuts clips: parts of recordings as mp3, at equal loudness, with short fades; and two of them in sequence (A/B).
 *
 *  One ffmpeg run reads the library's file and the query's and writes all three files of a match, because starting a process
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
  /** RMS level of that part in dBFS; the gain is computed from it. */
  readonly loudnessDb: number;
}

export interface ClipTags {
  readonly title: string;
  readonly artist: string | null;
  readonly comment: string;
}

export interface ClipOutput {
  /** An mp3 file; its folder exists. Written atomically: it is complete or missing. */
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

/** Level of all clips: about that of a mastered classical recording, with room for peaks. */
const targetDb = -20;
/** Limit of the gain, so that hiss stays quiet. */
const gainMaxDb = 24;
/** Threshold of the limiter; full scale is 1. */
const peakMax = 0.95;
const fadeSec = 0.05;
const pauseSec = 0.5;
export const bitrateKbps = 128;
const outputFormat = 'aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo';

/** Cuts the two windows of a match, and joins them: yours, half a second of silence, theirs.
 *
 *  @throws {RangeError} on invalid times
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

/** Cuts parts of recordings at equal loudness, in one run.
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

/** Cuts windows of one recording at equal loudness; decodes once, from the first window to the last.
 *  @param windows one or more, in order of their starts; they may overlap
 *  @throws as cutMatch */
export async function cutWindowClips(
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

/** Cuts a part with its own loudness, without gain or fades.
 *  @throws as cutMatch */
export async function cutExcerpt(
  source: Omit<ClipSource, 'loudnessDb'>,
  output: ClipOutput,
  options: ClipOptions & { readonly bitrateKbps: number },
): Promise<void> {
  await writeMp3s([source], `[0:a:0]${outputFormat}[part]`, [{ ...output, label: 'part' }], options);
}

/** Constant gain, which keeps the dynamics of the music; a look-ahead limiter for peaks; fades against clicks. */
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

/** Selects the audio stream of each input.
 *  @param graph uses the first stream of every input */
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

/** ID3 version 2.3, which old players read too. Tags and pictures of the source are not copied. */
function mp3Options({ label, tags }: Labelled, kbps: number): string[] {
  const named = Object.entries({ title: tags.title, artist: tags.artist, comment: tags.comment });
  return [
    ...['-map', `[${label}]`, '-map_metadata', '-1', '-c:a', 'libmp3lame', '-b:a', `${kbps}k`, '-id3v2_version', '3'],
    ...named.flatMap(([name, value]) => (value === null ? [] : ['-metadata', `${name}=${value.replaceAll('\0', '')}`])),
    ...['-f', 'mp3'],
  ];
}
