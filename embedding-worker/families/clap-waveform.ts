/** What CLAP's front-end is fed: always exactly ten seconds, made the way transformers' `ClapFeatureExtractor` does. */

export const clapSampleRateHz = 48_000;
/** 10 s: the only length that the published graphs take. */
export const clapSamples = 480_000;

/** A shorter window is repeated as often as it fits whole, and the rest is silence ("repeatpad").
 *
 *  A longer one is refused: the original takes ten seconds of it at random, and the same music then no longer
 *  resembles itself (LAION-AI/CLAP#166).
 *
 *  @param samples mono PCM at 48 kHz, shape [1 to 480000]
 *  @returns shape [480000]; the very array that came in when it has this length
 *  @throws {RangeError} on an empty or a longer window
 *  @see `_get_input_mel` in transformers' feature_extraction_clap.py
 */
export function clapWaveform(samples: Float32Array): Float32Array {
  if (samples.length === clapSamples) return samples;
  if (samples.length === 0 || samples.length > clapSamples) {
    throw new RangeError(
      `Cannot prepare a window for CLAP: expected 1 to ${clapSamples} samples, got ${samples.length}`,
    );
  }
  const waveform = new Float32Array(clapSamples);
  const repeats = Math.floor(clapSamples / samples.length);
  for (let repeat = 0; repeat < repeats; repeat++) waveform.set(samples, repeat * samples.length);
  return waveform;
}
