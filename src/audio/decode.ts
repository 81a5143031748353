/** Decodes a recording to a stream of mono float32 samples, its metadata, and at the end its acoustic fingerprint, usually in
 *  one ffmpeg run.
 *
 *  Library and queries use the same code: equal files give bit-equal samples and fingerprints.
 */
import { Readable } from 'node:stream';
import type { Fingerprint, RecordingTags } from '../domain.ts';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { ClaimsReader, type StreamClaims } from './claims.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import {
  type DecodeOptions,
  decodeJob,
  fingerprintGain,
  fingerprintJob,
  firstStream,
  type SelectedStream,
} from './decode-job.ts';
import { failureOf } from './failure.ts';
import { type RunningFfmpeg, startFfmpeg } from './ffmpeg.ts';
import { readFingerprint } from './fingerprint.ts';
import { type AudioInput, checkInput, openable as openableInput } from './input.ts';
import { watchOpening } from './opening.ts';
import type { ProbedAudio } from './probe.ts';
import { SampleReader } from './samples.ts';
import { StereoMix } from './stereo-mix.ts';
import { WavHeadReader } from './wav-header.ts';

export interface DecodeResult {
  /** Seconds of decoded sound; the container's duration is only a claim. */
  readonly decodedSec: number;
  /** Empty when none was requested. */
  readonly fingerprint: Fingerprint;
}

export interface Decoding {
  /** Settles before the first samples. */
  readonly probed: Promise<ProbedAudio>;
  /** Mono samples in order, without NaN or infinite values. Stereo is mixed as 0.707 times the sum, which keeps the power, or
   *  the difference where the channels cancel each other out. A part is valid until the next one is requested. Readable once; a
   *  reader that leaves the loop early ends ffmpeg and its process group. ffmpeg waits for a slow reader. */
  readonly pcm: AsyncIterable<Float32Array>;
  /** Resolves when all samples have been read; rejects with the error of reading them. */
  readonly finished: Promise<DecodeResult>;
}

/** Starts at once. The caller must read `pcm` or abort `signal`.
 *
 *  @throws {RangeError} on an invalid rate or range. All other failures are LeitmotifErrors from the promises and
 *    from `pcm`: file-unreadable, audio-empty, audio-too-large, audio-too-long, audio-refused, audio-unreadable,
 *    audio-no-sound, audio-timeout, audio-too-costly, cancelled, tool-missing */
export function decodePcm(from: string | AudioInput, options: DecodeOptions): Decoding {
  const input = typeof from === 'string' ? { path: from } : from;
  const { promise, resolve, reject } = Promise.withResolvers<DecodeResult>();
  // Throws on invalid options before anything starts.
  decodeJob(input, options);
  const deadline = startDeadline(options.signal, options.limits.deadlineMs);
  const opened = open(input, options, deadline).catch((error) => {
    deadline.stop();
    throw deadline.failure() ?? toLeitmotifError(error);
  });
  const probed = opened.then((decoder) => decoder.probed);
  // A caller that uses only one of the three gets the failure there.
  probed.catch(() => {});
  promise.catch(() => {});
  return { probed, pcm: readSamples(input, opened, options, deadline, { resolve, reject }), finished: promise };
}

interface OpenDecoder {
  readonly run: RunningFfmpeg;
  readonly claims: StreamClaims;
  readonly probed: ProbedAudio;
  /** The samples read together with the WAVE head, then the rest. */
  readonly parts: AsyncIterable<Buffer>;
}

async function open(input: AudioInput, options: DecodeOptions, deadline: Deadline): Promise<OpenDecoder> {
  await checkInput(input, options.limits);
  const openable = await openableInput(input);
  try {
    if (deadline.signal.aborted) throw deadline.failure();
    // The first stream is nearly always right. Otherwise ffmpeg is started again with the stream that its output named.
    const first = await start(openable, options, deadline, firstStream);
    if (first.claims.audioStream === firstStream.audioStream) return await opened(first, openable);
    first.abort();
    await first.run.exited;
    if (deadline.signal.aborted) throw deadline.failure();
    return await opened(await start(openable, options, deadline, first.claims), openable);
  } catch (error) {
    await openable[Symbol.asyncDispose]();
    throw error;
  }
}

async function opened({ run, claims, head }: Started, openable: AsyncDisposable): Promise<OpenDecoder> {
  void run.exited.then(() => openable[Symbol.asyncDispose]());
  const { tags, parts } = await head;
  return { run, claims, probed: probedOf(claims, tags), parts };
}

function probedOf({ audioStream, audioStreams: of, ...claims }: StreamClaims, tags: RecordingTags): ProbedAudio {
  return { ...claims, tags, audioStream: of > 1 ? { number: audioStream + 1, of } : undefined };
}

interface Started {
  readonly run: RunningFfmpeg;
  readonly claims: StreamClaims;
  readonly head: ReturnType<typeof readHead>;
  abort(): void;
}

/** Resolves when ffmpeg has described the file and the first samples have arrived, or ffmpeg has failed. */
async function start(
  input: AudioInput,
  options: DecodeOptions,
  deadline: Deadline,
  selected: SelectedStream,
): Promise<Started> {
  const claims = new ClaimsReader();
  const described = Promise.withResolvers<void>();
  const own = new AbortController();
  const run = startFfmpeg(decodeJob(input, options, selected), {
    memoryMaxBytes: options.limits.memoryMaxBytes,
    cpuMaxSec: options.limits.deadlineMs / 1000,
    signal: AbortSignal.any([deadline.signal, own.signal]),
    onStderrLine: (line) => claims.read(line) && described.resolve(),
  });
  const opening = watchOpening(run, options.limits, deadline.giveUp);
  const head = readHead(run, () => claims.claims);
  await head.then(
    () => Promise.race([described.promise, run.exited]),
    () => run.exited,
  );
  opening.stop();
  return { run, claims: claims.claims, head, abort: () => own.abort() };
}

async function readHead(run: RunningFfmpeg, claims: () => StreamClaims) {
  const parts: AsyncIterator<Buffer> = run.stdout[Symbol.asyncIterator]();
  const head = new WavHeadReader();
  for (;;) {
    const next = await parts.next();
    if (next.done) throw failureOf(await run.exited, claims());
    const samples = head.read(next.value);
    if (samples !== null) return { tags: head.tags, parts: following(samples, parts) };
  }
}

async function* following(first: Buffer, parts: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await parts.next(); !next.done; next = await parts.next()) yield next.value;
}

async function* readSamples(
  input: AudioInput,
  opened: Promise<OpenDecoder>,
  options: DecodeOptions,
  deadline: Deadline,
  finished: { resolve(result: DecodeResult): void; reject(error: LeitmotifError): void },
): AsyncGenerator<Float32Array> {
  const { sampleRateHz, limits } = options;
  let decoded = 0;
  try {
    const { run, claims, parts } = await opened;
    const reader = new SampleReader();
    const mix = new StereoMix(sampleRateHz);
    for await (const part of parts) {
      const samples = mix.read(reader.read(part));
      decoded += samples.length;
      if (decoded > limits.durationMaxSec * sampleRateHz) throw tooLong(limits.durationMaxSec);
      if (samples.length > 0) yield samples;
    }
    const last = mix.end();
    decoded += last.length;
    if (last.length > 0) yield last;
    const exit = await run.exited;
    if (!exit.ok) throw failureOf(exit, claims);
    if (decoded === 0)
      throw new LeitmotifError('audio-no-sound', 'There is no sound in this file, or in this part of it');
    const isQuiet = reader.peak > 0 && reader.peak < peakMin;
    // Of two channels.
    const isLimited = reader.limited > limitedShareMax * 2 * decoded;
    const isMixChanged = mix.tookDifference || reader.damaged > 0 || isLimited || isQuiet;
    const fingerprint =
      options.fingerprint && isMixChanged
        ? await fingerprintOfSamples(input, { ...options, signal: deadline.signal }, reader.peak)
        : readFingerprint(await run.side);
    finished.resolve({ decodedSec: decoded / sampleRateHz, fingerprint });
  } catch (error) {
    const failure = deadline.failure() ?? toLeitmotifError(error);
    finished.reject(failure);
    throw failure;
  } finally {
    deadline.stop();
    finished.reject(new LeitmotifError('cancelled', 'Cancelled: its reader stopped before the end'));
  }
}

/** At higher peaks of the mono samples, the 16-bit input of the fingerprint would clip. */
const peakMax = 1 / (Math.SQRT2 * fingerprintGain);
/** -40 dBFS: chromaprint treats signals 10 dB below that as silence. */
const peakMin = 0.01;
/** Where the reader limits, the first run's fingerprint clips. Up to this share of samples, the two fingerprints differ in fewer
 *  than 5 of 1,000 bits; loud lossy files exceed full scale for some milliseconds (0.0001 of a recording). */
const limitedShareMax = 0.01;

/** The first run computes the fingerprint of the plain sum of both channels. If the samples for the model differ from that
 *  (difference of the channels, damaged samples, many limited ones) or are very quiet, the recording is decoded again and the
 *  fingerprint is computed from those samples. */
async function fingerprintOfSamples(input: AudioInput, options: DecodeOptions, peak: number): Promise<Fingerprint> {
  const { pcm } = decodePcm(input, { ...options, fingerprint: false });
  const stdin = Readable.from(bytesOf(pcm), { objectMode: false });
  const isUsual = peak >= peakMin && peak <= peakMax;
  const gain = isUsual ? fingerprintGain : fingerprintGain * (peakMax / peak);
  const run = startFfmpeg(
    { ...fingerprintJob(options.sampleRateHz, gain), stdin },
    {
      memoryMaxBytes: options.limits.memoryMaxBytes,
      cpuMaxSec: options.limits.deadlineMs / 1000,
      signal: options.signal,
    },
  );
  try {
    run.stdout.resume();
    const exit = await run.exited;
    if (stdin.errored) throw stdin.errored;
    if (!exit.ok) throw failureOf(exit);
    return readFingerprint(await run.side);
  } finally {
    stdin.destroy();
  }
}

/** Copies, because a part is valid only until the next one is requested. */
async function* bytesOf(pcm: AsyncIterable<Float32Array>): AsyncGenerator<Buffer> {
  for await (const part of pcm) yield Buffer.from(part.slice().buffer);
}

function tooLong(durationMaxSec: number): LeitmotifError {
  const limit = durationMaxSec < 120 ? `${durationMaxSec} seconds` : `${Math.round(durationMaxSec / 60)} minutes`;
  return new LeitmotifError('audio-too-long', `This recording is too long: at most ${limit} are accepted`, {
    facts: { durationMaxSec },
  });
}
