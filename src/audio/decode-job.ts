/** The ffmpeg job that decodes. Pure. */
import type { DecodeOptions } from './decode.ts';
import type { FfmpegJob } from './ffmpeg.ts';
import { fingerprintOptions } from './fingerprint.ts';
import { fileUrl, guardedInputOptions } from './input.ts';

/** Past the limit by this much, so that too long can be told from just as long. */
const durationMarginSec = 1;

/** @throws {RangeError} on a rate or range that makes no sense */
export function decodeJob(path: string, options: DecodeOptions): FfmpegJob {
  return {
    inputs: [{ url: fileUrl(path), options: [...globalOptions, ...guardedInputOptions, ...rangeOptions(options)] }],
    filterGraph: filterGraph(options),
    outputs: [
      { target: 'stdout', options: ['-map', '[pcm]', ...tagOptions, '-c:a', 'pcm_f32le', '-f', 'wav'] },
      ...(options.fingerprint ? [{ target: 'side', options: ['-map', '[print]', ...fingerprintOptions] }] : []),
    ],
  };
}

/** Level info, because that is where the input is described. */
const globalOptions = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'repeat+info'];

/** Ogg keeps its tags with the stream, all others with the file; what the file says goes first. */
const tagOptions = ['-map_metadata:g', '0:g', '-map_metadata:g', '0:s:a:0', '-map_chapters', '-1'];

function rangeOptions({ fromSec = 0, toSec = Number.POSITIVE_INFINITY, limits }: DecodeOptions): string[] {
  if (!(fromSec >= 0 && toSec > fromSec)) {
    throw new RangeError(`Cannot decode: expected 0 <= from < to, got ${fromSec} to ${toSec}`);
  }
  const durationSec = Math.min(toSec - fromSec, limits.durationMaxSec + durationMarginSec);
  const seek = fromSec > 0 ? ['-ss', fromSec.toFixed(6)] : [];
  return [...seek, '-t', durationSec.toFixed(6)];
}

/** The fingerprint is taken from the samples as they go to the model, not from the file's own rate: chromaprint looks
 *  at 28 to 3,520 Hz only, and its own resampler would double the price (README, "Figures"). */
function filterGraph({ sampleRateHz, fingerprint }: DecodeOptions): string {
  if (!Number.isInteger(sampleRateHz) || sampleRateHz < 8000 || sampleRateHz > 192_000) {
    throw new RangeError(`Cannot decode: expected a rate of 8000 to 192000 Hz, got ${sampleRateHz}`);
  }
  const mono = `[0:a:0]aformat=sample_fmts=flt:sample_rates=${sampleRateHz}:channel_layouts=mono`;
  return fingerprint ? `${mono},asplit[pcm][print]` : `${mono}[pcm]`;
}
