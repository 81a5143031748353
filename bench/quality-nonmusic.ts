/** How well the gate tells silence, applause and noise from music, and where it puts the boundaries.
 *
 *    node bench/quality-nonmusic.ts DIR [MUSIC...]
 *
 *  DIR holds nonmusic.json and its clips of 5 s; MUSIC are files that are music from end to end (but for silent
 *  moments), cut into windows of 10 s. Decoding and cutting are the product's own.
 */

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import PQueue from 'p-queue';
import { z } from 'zod';
import { cutWindows } from '../src/audio/chunk.ts';
import { decodePcm } from '../src/audio/decode.ts';
import { classifyWindow } from '../src/audio/gate.ts';
import type { ChunkKind } from '../src/domain.ts';
import { table } from './table.ts';

const task = z.object({
  clips: z.array(z.object({ file: z.string(), class: z.string() })),
  transitions: z.array(
    z.object({
      file: z.string(),
      segments: z.array(z.object({ class: z.string(), startSec: z.number(), endSec: z.number() })),
    }),
  ),
});
type Transition = z.infer<typeof task>['transitions'][number];

const kinds: readonly ChunkKind[] = ['music', 'silence', 'applause', 'noise'];
const clipWindowSec = 5;
const musicWindowSec = 10;
const sampleRateHz = 16_000;
const limits = { deadlineMs: 600_000, durationMaxSec: 36_000, bytesMax: 4e9, memoryMaxBytes: 2 ** 31 };

interface JudgedWindow {
  readonly kind: ChunkKind;
  readonly startSec: number;
  readonly endSec: number;
}

/** @returns Markdown: the confusion of classes, the figures to reach, the errors at boundaries */
export async function nonmusicReport(benchDir: string, musicFiles: readonly string[] = []): Promise<string> {
  const { clips, transitions } = task.parse(JSON.parse(await readFile(path.join(benchDir, 'nonmusic.json'), 'utf8')));
  const queue = new PQueue({ concurrency: availableParallelism() });
  const confusion = new Map<string, Record<ChunkKind, number>>();
  const count = (name: string, windows: readonly JudgedWindow[]) => {
    const row = confusion.get(name) ?? { music: 0, silence: 0, applause: 0, noise: 0 };
    for (const { kind } of windows) row[kind] += 1;
    confusion.set(name, row);
  };
  const boundaries: Boundaries[] = [];
  await queue.addAll([
    ...clips.map((clip) => async () => count(clip.class, await judge(path.join(benchDir, clip.file), clipWindowSec))),
    ...musicFiles.map((file) => async () => count('music, whole pieces', await judge(file, musicWindowSec))),
    ...transitions.map((transition) => async () => {
      boundaries.push(boundariesOf(await judge(path.join(benchDir, transition.file), clipWindowSec), transition));
    }),
  ]);
  return [confusionTable(confusion), figures(confusion), boundaryTable(boundaries)].join('\n');
}

async function judge(file: string, windowSec: number): Promise<JudgedWindow[]> {
  const signal = new AbortController().signal;
  const { pcm } = decodePcm(file, { sampleRateHz, fingerprint: false, signal, limits });
  const windows: JudgedWindow[] = [];
  for await (const { span, samples } of cutWindows(pcm, { sampleRateHz, windowSec, startSec: 0 })) {
    windows.push({ kind: classifyWindow(samples, sampleRateHz).kind, startSec: span.startSec, endSec: span.endSec });
  }
  return windows;
}

interface Boundaries {
  /** Seconds by which the last music window ends too late. */
  readonly musicEndSec: number;
  /** Seconds by which the closing silence begins too late. */
  readonly silenceStartSec: number;
}

function boundariesOf(windows: readonly JudgedWindow[], { segments }: Transition): Boundaries {
  const truth = (name: string) => segments.find((segment) => segment.class === name) ?? { startSec: 0, endSec: 0 };
  const lastMusic = windows.findLast(({ kind }) => kind === 'music');
  const lastSound = windows.findLastIndex(({ kind }) => kind !== 'silence');
  const end = windows.at(-1)?.endSec ?? 0;
  return {
    musicEndSec: (lastMusic?.endSec ?? 0) - truth('music').endSec,
    silenceStartSec: (windows[lastSound + 1]?.startSec ?? end) - truth('silence').startSec,
  };
}

function confusionTable(confusion: ReadonlyMap<string, Record<ChunkKind, number>>): string {
  const rows = [...confusion]
    .sort()
    .map(([name, row]) => [name, String(total(row)), ...kinds.map((k) => String(row[k]))]);
  return table(['what it is', 'windows', ...kinds.map((kind) => `taken for ${kind}`)], rows);
}

function figures(confusion: ReadonlyMap<string, Record<ChunkKind, number>>): string {
  const share = (name: string, of: readonly ChunkKind[]) => {
    const row = confusion.get(name);
    if (row === undefined) return 'none to judge';
    const hits = of.reduce((sum, kind) => sum + row[kind], 0);
    return `${((100 * hits) / total(row)).toFixed(1)} % (${hits} of ${total(row)})`;
  };
  return table(
    ['figure', 'wanted', 'measured'],
    [
      ['applause that is found', '>= 95 %', share('applause', ['applause'])],
      ['silence that is found', '>= 99 %', share('silence', ['silence'])],
      ['music that is rejected, excerpts', '<= 1 %', share('music', ['silence', 'applause', 'noise'])],
      [
        'music that is rejected, whole pieces',
        '<= 1 %',
        share('music, whole pieces', ['silence', 'applause', 'noise']),
      ],
    ],
  );
}

function boundaryTable(boundaries: readonly Boundaries[]): string {
  const row = (name: string, errors: number[]) => {
    const sizes = errors.map(Math.abs).sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? Number.NaN;
    return [name, String(sizes.length), `${median.toFixed(1)} s`, `${(sizes.at(-1) ?? Number.NaN).toFixed(1)} s`];
  };
  return table(
    [`boundary, windows of ${clipWindowSec} s`, 'files', 'median error', 'largest error'],
    [
      row(
        'end of the music',
        boundaries.map(({ musicEndSec }) => musicEndSec),
      ),
      row(
        'start of the silence',
        boundaries.map(({ silenceStartSec }) => silenceStartSec),
      ),
    ],
  );
}

function total(row: Record<ChunkKind, number>): number {
  return kinds.reduce((sum, kind) => sum + row[kind], 0);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [benchDir, ...musicFiles] = process.argv.slice(2);
  if (benchDir === undefined) throw new Error('Cannot judge: expected the folder of nonmusic.json, got none');
  console.log(await nonmusicReport(benchDir, musicFiles));
}
