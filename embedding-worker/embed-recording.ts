/** One recording, from its encoded bytes to the lines of the answer: probe, decode, cut, gate and embed, in order.
 *
 *  Everything is pulled: a reader that does not read stops this generator, which stops cutting, which stops ffmpeg. At
 *  no time is more in memory than the windows in flight.
 */
import { cutWindows } from '../src/audio/chunk.ts';
import { decodePcm } from '../src/audio/decode.ts';
import { type GatedWindow, relativeToLoudest } from '../src/audio/gate/recording.ts';
import type { AudioLimits } from '../src/audio/limits.ts';
import type { ProbedAudio } from '../src/audio/probe.ts';
import type { ChunkSpan, RecordingTags } from '../src/domain.ts';
import { encodeArray } from '../src/embedding/packed-arrays.ts';
import { toWireChunk, type WireChunk, type WorkerLine } from '../src/embedding/wire-format.ts';
import { LeitmotifError } from '../src/errors.ts';
import type { EmbeddedWindow } from './engines/engine.ts';
import { WindowMemory } from './engines/window-memory.ts';
import type { Metrics } from './metrics.ts';
import { kindByHead } from './music-head.ts';
import type { ServedModel } from './serving.ts';
import type { TagReader } from './tags/tag-reader.ts';
import { mergeTags, valuesOfTags } from './tags/tag-values.ts';

export interface RecordingJob {
  readonly file: string;
  readonly model: ServedModel;
  readonly tagReader: TagReader;
  /** The part to embed, seconds from the beginning; null: all of it. */
  readonly fromSec: number | null;
  readonly toSec: number | null;
  /** Time that the recording waited in the queue, for the timings of the response. */
  readonly queuedMs: number;
  readonly limits: AudioLimits;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
}

/** A progress line at least this far apart: four a second are enough for a bar. */
const progressEveryMs = 250;

/** Yields `info`, then `chunks` (one chunk each, in order) and `progress`, then `done`.
 *  @throws {LeitmotifError} for an unusable recording; the signal's reason when it is aborted */
export async function* embedRecording(job: RecordingJob): AsyncGenerator<WorkerLine, void> {
  // Ends ffmpeg also when the reader leaves before the first samples are requested.
  const leave = new AbortController();
  try {
    yield* linesOf({ ...job, signal: AbortSignal.any([job.signal, leave.signal]) });
  } finally {
    leave.abort(new LeitmotifError('cancelled', 'The reader of the answer left'));
  }
}

async function* linesOf(job: RecordingJob): AsyncGenerator<WorkerLine, void> {
  const { model, signal, metrics } = job;
  const { sampleRateHz } = model.manifest;
  const startSec = job.fromSec ?? 0;
  const startedAt = performance.now();
  const decoding = new Stopwatch();
  const embedding = new Stopwatch();
  const tags = job.tagReader.read(job.file);
  const { probed, pcm, finished } = decodePcm(job.file, {
    sampleRateHz,
    ...{ fromSec: job.fromSec ?? undefined, toSec: job.toSec ?? undefined },
    fingerprint: true,
    signal,
    limits: job.limits,
  });
  const claims = await decoding.time(() => probed);
  yield infoOf(model, claims, completeTags(await tags, claims.tags));

  const memory = new WindowMemory(model.engine.inFlightMax);
  const windows = decoding.timed(cutWindows(pcm, { sampleRateHz, windowSec: model.windowSec, startSec, memory }));
  let chunks = 0;
  let musicChunks = 0;
  let progressAt = startedAt;
  for await (const embedded of relativeToLoudest(
    embedInOrder(windows, model, { signal, embedding, metrics, memory }),
  )) {
    const chunk = toChunk(embedded, metrics);
    chunks++;
    if (chunk.kind === 'music') musicChunks++;
    yield { type: 'chunks', chunks: [chunk] };
    if (performance.now() - progressAt >= progressEveryMs) {
      progressAt = performance.now();
      yield { type: 'progress', decodedSec: chunk.endSec, chunksDone: chunks };
    }
  }
  const { decodedSec, fingerprint } = await decoding.time(() => finished);
  if (chunks === 0) throw new LeitmotifError('audio-no-sound', 'Cannot embed it: there is no sound in this part');
  metrics.audioSeconds.inc(decodedSec);
  metrics.decodeSeconds.observe(decoding.totalMs / 1000);
  yield {
    type: 'done',
    durationSec: startSec + decodedSec,
    chunks,
    musicChunks,
    fingerprint: { items: encodeArray(fingerprint.items), itemSec: fingerprint.itemSec },
    timingsMs: {
      queued: job.queuedMs,
      decode: decoding.totalMs,
      embed: embedding.totalMs,
      total: job.queuedMs + performance.now() - startedAt,
    },
  };
}

/** ffmpeg knows containers that the tag reader does not. */
function completeTags(read: RecordingTags | null, fromFfmpeg: RecordingTags): RecordingTags {
  return mergeTags([read, fromFfmpeg].flatMap((tags) => (tags === null ? [] : [valuesOfTags(tags)])));
}

function infoOf({ manifest, spaceId, windowSec }: ServedModel, probed: ProbedAudio, tags: RecordingTags): WorkerLine {
  const { durationSec, audioStream } = probed;
  const choice = audioStream ? { audioStream } : {};
  const { name: model, dimensions } = manifest;
  return { type: 'info', model, spaceId, dimensions, windowSec, durationSec, ...tags, ...choice };
}

interface EmbeddedChunk extends GatedWindow {
  readonly span: ChunkSpan;
  readonly window: EmbeddedWindow;
}

interface InFlight {
  readonly chunk: Promise<EmbeddedChunk>;
  settled: boolean;
}

interface EmbeddingContext {
  readonly signal: AbortSignal;
  readonly embedding: Stopwatch;
  readonly metrics: Metrics;
  readonly memory: WindowMemory;
}

/** Keeps the engine busy with further windows while the first is computed, and yields the chunks in the order of the
 *  recording. */
async function* embedInOrder(
  windows: AsyncIterable<{ span: ChunkSpan; samples: Float32Array<ArrayBuffer> }>,
  { engine, musicHead }: Pick<ServedModel, 'engine' | 'musicHead'>,
  { signal, embedding, metrics, memory }: EmbeddingContext,
): AsyncGenerator<EmbeddedChunk, void> {
  const inFlight: InFlight[] = [];
  const first = (): Promise<EmbeddedChunk> => embedding.time(() => inFlight.shift()?.chunk as Promise<EmbeddedChunk>);
  for await (const { span, samples } of windows) {
    const entry: InFlight = {
      chunk: engine.embed(samples, signal).then((window) => {
        metrics.embedSeconds.observe(window.computeMs / 1000);
        // Only after an answer: a window that failed or was cancelled may still be on its way to a process.
        memory.release(samples);
        const kind = musicHead ? kindByHead(window, window.headInputs, musicHead) : window.kind;
        return { span, window, kind, loudDb: window.loudDb };
      }),
      settled: false,
    };
    const onSettled = (): void => {
      entry.settled = true;
    };
    entry.chunk.then(onSettled, onSettled);
    inFlight.push(entry);
    while (inFlight.length >= engine.inFlightMax || inFlight[0]?.settled === true) yield await first();
  }
  while (inFlight.length > 0) yield await first();
}

function toChunk({ span, window, kind }: EmbeddedChunk, metrics: Metrics): WireChunk {
  metrics.windows.inc({ kind });
  return toWireChunk({ ...span, kind, loudnessDb: window.loudnessDb, vector: window.vector });
}

/** Sums the time that sequential work spends on one thing. */
class Stopwatch {
  #totalMs = 0;

  get totalMs(): number {
    return this.#totalMs;
  }

  async time<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#totalMs += performance.now() - startedAt;
    }
  }

  /** Yields the same items and counts the time between request and arrival. Leaving early closes the source. */
  async *timed<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.time(() => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
