/** Fits the descriptor's constants on real music and writes them to constants.json. Build the model afterwards.
 *
 *      node scripts/fit-descriptor.ts --list training.json [--cache DIR]
 *
 *  `--list` names tracks inside Debian packages, as the benchmark's folder describes them; `--cache` is where their
 *  audio is stored (.cache of this repository by default; apt downloads missing packages). Tracks that are also in the
 *  soundtracks benchmark are excluded, so that the benchmark measures music that the constants were not fitted on.
 *  The same files and the same ffmpeg give the same constants.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type CorpusTrack, locateTrack, readTracks } from '../bench/quality/corpus.ts';
import { InferenceSession, Tensor } from '../embedding-worker/engines/onnx-runtime.ts';
import { cutWindows } from '../src/audio/chunk.ts';
import { decodePcm } from '../src/audio/decode.ts';
import { descriptorFolder } from './build-descriptor.ts';
import { formatConstants } from './descriptor/constants.ts';
import { inputName, sampleRateHz, writeStatisticsGraph } from './descriptor/graph.ts';
import { type AxisOptions, principalAxes } from './descriptor/principal-axes.ts';

/** Chosen on the development halves of both benchmarks; the table is in MODEL_CARD.md. The share of timbre trades one task
 *  for the other. */
const timbreShare = 0.4;
const timbreAxes: AxisOptions = { dimensions: 64, power: 0.25 };
const harmonyAxes: AxisOptions = { dimensions: 192, power: 0.35 };

const windowSec = 10;
/** Spread evenly over a track, so that a long one does not outweigh the others. */
const windowsPerTrackMax = 12;
/** -60 dBFS. Quieter windows are pauses. */
const rmsMin = 1e-3;
const limits = { deadlineMs: 600_000, durationMaxSec: 7200, bytesMax: 2 ** 30, memoryMaxBytes: 2 ** 30 };

interface Statistics {
  readonly timbre: Float32Array[];
  readonly harmony: Float32Array[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { list: { type: 'string' }, cache: { type: 'string' } } });
  if (values.list === undefined) throw new Error('Cannot fit: name the list of tracks with --list training.json');
  const cacheDir = path.resolve(values.cache ?? path.join(import.meta.dirname, '../.cache'));
  const inBenchmark = await readBenchmarkKeys(values.list);
  const tracks = (await readTracks(values.list)).filter((track) => !inBenchmark.has(keyOf(track)));
  const session = await InferenceSession.create(writeStatisticsGraph(), { intraOpNumThreads: 1 });
  const statistics: Statistics = { timbre: [], harmony: [] };
  for (const [i, track] of tracks.entries()) {
    await addTrack(statistics, session, await locateTrack(track, cacheDir), track.durationSec);
    process.stderr.write(`\r${i + 1} of ${tracks.length} tracks, ${statistics.timbre.length} windows`);
  }
  process.stderr.write('\n');
  const constants = formatConstants({
    fittedOn: { tracks: tracks.length, windows: statistics.timbre.length },
    timbre: { ...fitBlock(statistics.timbre, timbreAxes), share: timbreShare },
    harmony: { ...fitBlock(statistics.harmony, harmonyAxes), share: 1 - timbreShare },
  });
  await writeFile(path.join(descriptorFolder, 'constants.json'), constants);
}

function fitBlock(rows: readonly Float32Array[], axes: AxisOptions) {
  return { dimensions: axes.dimensions, ...principalAxes(rows, axes) };
}

async function addTrack(into: Statistics, session: InferenceSession, file: string, durationSec: number) {
  const step = Math.max(1, Math.ceil(durationSec / windowSec / windowsPerTrackMax));
  const { signal } = new AbortController();
  const { pcm, finished } = decodePcm(file, { sampleRateHz, fingerprint: false, signal, limits });
  for await (const { span, samples } of cutWindows(pcm, { sampleRateHz, windowSec, startSec: 0 })) {
    if (span.index % step !== 0 || rmsOf(samples) < rmsMin) continue;
    const { timbre, harmony } = await session.run({ [inputName]: new Tensor('float32', samples, [1, samples.length]) });
    into.timbre.push(rowOf(timbre));
    into.harmony.push(rowOf(harmony));
  }
  await finished;
}

function rowOf(output: Tensor | undefined): Float32Array {
  if (!(output?.data instanceof Float32Array)) throw new TypeError('Cannot read statistics: expected float32');
  return output.data.slice();
}

function rmsOf(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

const marks = z.object({
  tracks: z.array(z.object({ package: z.string(), path: z.string(), inSoundtracksBench: z.boolean() })),
});

async function readBenchmarkKeys(list: string): Promise<ReadonlySet<string>> {
  const { tracks } = marks.parse(JSON.parse(await readFile(list, 'utf8')));
  return new Set(tracks.filter((track) => track.inSoundtracksBench).map(keyOf));
}

function keyOf(track: Pick<CorpusTrack, 'package' | 'path'>): string {
  return `${track.package}/${track.path}`;
}

await main();
