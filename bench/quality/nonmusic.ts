/** How well the gate distinguishes silence, applause, talk and noise from music, and where it puts the boundaries.
 *
 *    npm run bench:quality -- nonmusic [--model NAME]
 *
 *  Uses the clips of 5 s of nonmusic.json, its music once more through a telephone's band, and files that are music from
 *  end to end (but for silent moments): two pieces of each soundtrack of training.json. Decoding, cutting and judging are
 *  the product's own, by the sound and, if the model has a music head, by the vector; boundaries by the sound alone. A clip
 *  shorter than a window is repeated, as the product does it.
 */

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import PQueue from 'p-queue';
import { z } from 'zod';
import { cutWindows } from '../../src/audio/chunk.ts';
import { decodePcm } from '../../src/audio/decode.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import type { ChunkKind } from '../../src/domain.ts';
import { trainedDirs } from '../models/available.ts';
import type { BenchOptions } from '../options.ts';
import { table } from '../table.ts';
import { locateTrack, readTracks } from './corpus.ts';
import { degrade } from './degradations.ts';
import { noiseFiles } from './noise-files.ts';
import { type JudgeWindow, judgeOf } from './window-judge.ts';

const task = z.object({
  clips: z.array(z.object({ file: z.string(), class: z.string(), source: z.string() })),
  transitions: z.array(
    z.object({
      file: z.string(),
      segments: z.array(z.object({ class: z.string(), startSec: z.number(), endSec: z.number() })),
    }),
  ),
});
type Transition = z.infer<typeof task>['transitions'][number];

const kinds: readonly ChunkKind[] = ['music', 'silence', 'applause', 'noise'];
/** Window lengths for clips: their own length, and the product's. */
const clipWindowsSec = [5, 10];
/** Window length for whole pieces: the product's. */
const musicWindowSec = 10;
const sampleRateHz = 16_000;
const limits = { deadlineMs: 600_000, durationMaxSec: 36_000, bytesMax: 4e9, memoryMaxBytes: 2 ** 31 };

interface Judged {
  readonly kind: ChunkKind;
  readonly startSec: number;
  readonly endSec: number;
}

type Confusion = Map<string, Record<ChunkKind, number>>;

/** @returns Markdown: the confusion matrix, the targets, the errors at boundaries */
export async function nonmusicReport(options: BenchOptions, modelName: string): Promise<string> {
  const { benchDir, cacheDir } = options;
  const { judgeWindow, title } = await judgeOf(trainedDirs(process.env), modelName);
  const musicFiles = await somePieces(benchDir, cacheDir);
  const damage = { cacheDir, noiseFiles: noiseFiles(options) };
  const { clips, transitions } = task.parse(JSON.parse(await readFile(path.join(benchDir, 'nonmusic.json'), 'utf8')));
  const queue = new PQueue({ concurrency: availableParallelism() });
  const confusion: Confusion = new Map();
  const boundaries = new Map<number, Boundaries[]>(clipWindowsSec.map((windowSec) => [windowSec, []]));
  const count = async (name: string, file: string, windowsSec: readonly number[]): Promise<void> => {
    const pcm = await decode(file);
    for (const windowSec of windowsSec) {
      const row = confusion.get(`${name}, ${windowSec} s`) ?? { music: 0, silence: 0, applause: 0, noise: 0 };
      confusion.set(`${name}, ${windowSec} s`, row);
      for (const { kind } of (await judge(pcm, windowSec, judgeWindow)).windows) row[kind] += 1;
    }
  };
  await queue.addAll([
    ...clips.map((clip) => () => count(classOf(clip), path.join(benchDir, clip.file), clipWindowsSec)),
    ...clips
      .filter((clip) => clip.class === 'music')
      .map((clip) => async () => {
        const file = await degrade({ path: path.join(benchDir, clip.file) }, 'phone-band', damage);
        await count(throughTelephone, file, clipWindowsSec);
      }),
    ...musicFiles.map((file) => () => count(wholePieces, file, [musicWindowSec])),
    ...transitions.map((transition) => async () => {
      const pcm = await decode(path.join(benchDir, transition.file));
      for (const windowSec of clipWindowsSec) {
        boundaries
          .get(windowSec)
          ?.push(boundariesOf((await judge(pcm, windowSec, async (_, { kind }) => kind)).moments, transition));
      }
    }),
  ]);
  return [`${title}\n`, confusionTable(confusion), figures(confusion), boundaryTable(boundaries)].join('\n');
}

const throughTelephone = 'music, telephone band';
const wholePieces = 'music, whole pieces';

/** What is mechanical, and what clicks, apart from other surroundings: they were taken for music most often. */
function classOf({ class: kind, source }: { readonly class: string; readonly source: string }): string {
  if (/Chainsaw|Helicopter/.test(source)) return 'machines';
  return source.includes('Clock tick') ? 'clicks' : kind;
}

/** Two pieces of each training soundtrack, if possible of less than seven minutes; fetches missing ones. */
async function somePieces(benchDir: string, cacheDir: string): Promise<string[]> {
  const bySoundtrack = Map.groupBy(
    await readTracks(path.join(benchDir, 'training.json')),
    ({ soundtrack }) => soundtrack,
  );
  const files: string[] = [];
  for (const all of bySoundtrack.values()) {
    const short = all.filter(({ durationSec }) => durationSec < 420);
    for (const track of (short.length > 0 ? short : all).slice(0, 2)) files.push(await locateTrack(track, cacheDir));
  }
  return files;
}

async function decode(file: string): Promise<Float32Array[]> {
  const signal = new AbortController().signal;
  const { pcm } = decodePcm(file, { sampleRateHz, fingerprint: false, signal, limits });
  const parts: Float32Array[] = [];
  for await (const part of pcm) parts.push(part.slice());
  return parts;
}

/** Windows and their moments, each once. */
async function judge(
  parts: Float32Array[],
  windowSec: number,
  judgeWindow: JudgeWindow,
): Promise<{ windows: Judged[]; moments: Judged[] }> {
  const windows: Judged[] = [];
  const moments: Judged[] = [];
  for await (const { span, samples } of cutWindows(Readable.from(parts), { sampleRateHz, windowSec, startSec: 0 })) {
    const judged = classifyWindow(samples, sampleRateHz);
    const momentSec = (span.endSec - span.startSec) / judged.moments.length;
    windows.push({ kind: await judgeWindow(samples, judged), startSec: span.startSec, endSec: span.endSec });
    for (const [i, kind] of judged.moments.entries()) {
      const endSec = span.startSec + (i + 1) * momentSec;
      const startSec = Math.max(endSec - momentSec, span.startSec + span.overlapSec);
      // A tail overlaps moments that were counted already.
      if (startSec < endSec) moments.push({ kind, startSec, endSec });
    }
  }
  return { windows, moments };
}

interface Boundaries {
  /** Seconds by which the last moment of music ends too late. */
  readonly musicEndSec: number;
  /** Seconds by which the closing silence begins too late. */
  readonly silenceStartSec: number;
}

function boundariesOf(moments: readonly Judged[], { segments }: Transition): Boundaries {
  const truth = (name: string) => segments.find((segment) => segment.class === name) ?? { startSec: 0, endSec: 0 };
  const lastMusic = moments.findLast(({ kind }) => kind === 'music');
  const lastSound = moments.findLastIndex(({ kind }) => kind !== 'silence');
  const end = moments.at(-1)?.endSec ?? 0;
  return {
    musicEndSec: (lastMusic?.endSec ?? 0) - truth('music').endSec,
    silenceStartSec: (moments[lastSound + 1]?.startSec ?? end) - truth('silence').startSec,
  };
}

function confusionTable(confusion: Confusion): string {
  const rows = [...confusion]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, row]) => [name, String(total(row)), ...kinds.map((k) => String(row[k]))]);
  return table(['what it is', 'windows', ...kinds.map((kind) => `taken for ${kind}`)], rows);
}

function figures(confusion: Confusion): string {
  const share = (name: string, of: readonly ChunkKind[]) => {
    const row = confusion.get(name);
    if (row === undefined) return 'none to judge';
    const hits = of.reduce((sum, kind) => sum + row[kind], 0);
    return `${((100 * hits) / total(row)).toFixed(1)} % (${hits} of ${total(row)})`;
  };
  const notMusic: readonly ChunkKind[] = ['silence', 'applause', 'noise'];
  const row = (figure: string, wanted: string, name: string, of: readonly ChunkKind[]) => [
    ...[figure, wanted],
    ...clipWindowsSec.map((windowSec) => share(`${name}, ${windowSec} s`, of)),
  ];
  return table(
    ['figure', 'wanted', ...clipWindowsSec.map((windowSec) => `windows of ${windowSec} s`)],
    [
      row('applause that is found', '>= 95 %', 'applause', ['applause']),
      row('silence that is found', '>= 99 %', 'silence', ['silence']),
      row('music taken for silence or applause, excerpts', '<= 1 %', 'music', ['silence', 'applause']),
      row('music that is rejected, excerpts', '<= 1 %', 'music', notMusic),
      row('music that is rejected, whole pieces', '<= 1 %', wholePieces, notMusic),
      row('music that is rejected, through a telephone', '', throughTelephone, notMusic),
      row('speech that is kept out', '', 'speech', notMusic),
      row('crowd that is kept out', '', 'crowd', notMusic),
      row('noise that is kept out', '', 'noise', notMusic),
      row('machines that are kept out', '', 'machines', notMusic),
      row('clicks that are kept out', '', 'clicks', notMusic),
      row('other surroundings that are kept out', '', 'environment', notMusic),
    ],
  );
}

function boundaryTable(boundaries: ReadonlyMap<number, readonly Boundaries[]>): string {
  const row = (name: string, windowSec: number, errors: number[]) => {
    const sizes = errors.map(Math.abs).sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? Number.NaN;
    const near = sizes.filter((size) => size <= 2).length;
    const worst = sizes.at(-1) ?? Number.NaN;
    return [name, `${windowSec} s`, `${near} of ${sizes.length}`, `${median.toFixed(1)} s`, `${worst.toFixed(1)} s`];
  };
  return table(
    ['boundary', 'windows', 'within 2 s', 'median error', 'largest error'],
    [...boundaries].flatMap(([windowSec, all]) => [
      row(
        'end of the music',
        windowSec,
        all.map(({ musicEndSec }) => musicEndSec),
      ),
      row(
        'start of the silence',
        windowSec,
        all.map(({ silenceStartSec }) => silenceStartSec),
      ),
    ]),
  );
}

function total(row: Record<ChunkKind, number>): number {
  return kinds.reduce((sum, kind) => sum + row[kind], 0);
}
