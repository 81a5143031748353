/** The ffmpeg job that decodes. Pure. */
import type { StreamClaims } from './claims.ts';
import type { FfmpegJob } from './ffmpeg.ts';
import { fingerprintOptions, fingerprintRateHz } from './fingerprint.ts';
import { type AudioInput, inputOf } from './input.ts';
import type { AudioLimits } from './limits.ts';

export interface DecodeOptions {
  readonly sampleRateHz: number;
  /** Where to begin; 0 by default. */
  readonly fromSec?: number | undefined;
  /** Where to end; the recording's end by default. */
  readonly toSec?: number | undefined;
  readonly fingerprint: boolean;
  readonly signal: AbortSignal;
  readonly limits: AudioLimits;
}

/** Past the limit by this much, so that too long can be told from just as long. */
const durationMarginSec = 1;

/** The stream that is decoded; known when ffmpeg has opened the file. */
export type ListeningTo = Pick<StreamClaims, 'audioStream'>;

/** What nearly all files are. */
export const firstStream: ListeningTo = { audioStream: 0 };

/** @throws {RangeError} on a rate or range that makes no sense */
export function decodeJob(input: AudioInput, options: DecodeOptions, how: ListeningTo = firstStream): FfmpegJob {
  const { url, options: guards } = inputOf(input);
  return {
    inputs: [{ url, options: [...globalOptions, ...guards, ...rangeOptions(options)] }],
    filterGraph: filterGraph(options, how),
    outputs: [
      {
        target: 'stdout',
        options: ['-map', '[pcm]', ...tagOptions(how), ...largeWrites, '-c:a', 'pcm_f32le', '-f', 'wav'],
      },
      ...(options.fingerprint ? [{ target: 'side', options: ['-map', '[print]', ...fingerprintOptions] }] : []),
    ],
  };
}

/** Level info, because that is where the input is described; each line with its level, so that errors can be told. */
const globalOptions = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+repeat+info'];

/** Ogg keeps its tags with the stream, all others with the file; what the file says goes first. */
function tagOptions({ audioStream }: ListeningTo): string[] {
  return ['-map_metadata:g', '0:g', '-map_metadata:g', `0:s:a:${audioStream}`, '-map_chapters', '-1'];
}

function rangeOptions({ fromSec = 0, toSec = Number.POSITIVE_INFINITY, limits }: DecodeOptions): string[] {
  if (!(fromSec >= 0 && toSec > fromSec)) {
    throw new RangeError(`Cannot decode: expected 0 <= from < to, got ${fromSec} to ${toSec}`);
  }
  const durationSec = Math.min(toSec - fromSec, limits.durationMaxSec + durationMarginSec);
  const seek = fromSec > 0 ? ['-ss', fromSec.toFixed(6)] : [];
  return [...seek, '-t', durationSec.toFixed(6)];
}

/** Half of ffmpeg's usual filter length, at a stopband of 56 dB instead of 90, which keeps the passband as it was: a
 *  fifth less time for all of the decoding, and vectors of the built-in model move by a distance of 0.00004.
 *  @see Kaiser's window for the relation of length, beta and stopband; ffmpeg-resampler(1) for the options */
const resampler = 'filter_size=16:kaiser_beta=5';

/** Room for what mixing down may add over full scale: the fingerprint is taken from integers. */
export const fingerprintGain = 0.5;
const mixedDown = (fingerprintGain * Math.SQRT1_2).toFixed(8);

/** Codecs hand out frames of some hundred samples, and each would be a write to the pipe of its own. Nothing in the filters
 *  holds samples back to make larger frames of them: where rate or channels change within a file, ffmpeg builds the
 *  filters anew, and what they hold is lost. */
const largeWrites = ['-flush_packets', '0'];

/** The fingerprint is taken from the samples as they go to the model, not from the file's own rate: chromaprint looks
 *  at 28 to 3,520 Hz only, so that its bits are as good, for half the time. Its rate is met beforehand, because ffmpeg's
 *  resampler is faster than its own. */
function filterGraph({ sampleRateHz, fingerprint }: DecodeOptions, { audioStream }: ListeningTo): string {
  if (!Number.isInteger(sampleRateHz) || sampleRateHz < 8000 || sampleRateHz > 192_000) {
    throw new RangeError(`Cannot decode: expected a rate of 8000 to 192000 Hz, got ${sampleRateHz}`);
  }
  // Two channels, because where they cancel each other out their sum is silence (stereo-mix.ts).
  const stereo = `[0:a:${audioStream}]aresample=${sampleRateHz}:ochl=stereo:osf=flt:${resampler}`;
  if (!fingerprint) return `${stereo}[pcm]`;
  const mono = `pan=mono|c0=${mixedDown}*c0+${mixedDown}*c1`;
  const copy = `[copy]${mono},aresample=${fingerprintRateHz}:osf=s16:${resampler}[print]`;
  return `${stereo},asplit[pcm][copy];${copy}`;
}

/** The fingerprint of samples that come through ffmpeg's stdin, as `decodeJob` takes it of a file. */
export function fingerprintJob(sampleRateHz: number, gain: number): FfmpegJob {
  const input = ['-f', 'f32le', '-ar', String(sampleRateHz), '-ac', '1'];
  return {
    inputs: [{ url: 'pipe:0', options: [...globalOptions, ...input] }],
    filterGraph: `[0:a:0]volume=${gain}:precision=float,aresample=${fingerprintRateHz}:osf=s16:${resampler}[print]`,
    outputs: [{ target: 'side', options: ['-map', '[print]', ...fingerprintOptions] }],
  };
}
