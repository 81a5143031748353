/** Resamples stretches of a window from the rate of the model to the rate that the gate's head was trained at. Pure.
 *
 *  Stretches, not all of it: the gate looks at half of a window, and at 48 kHz this was most of its time.
 */

/** Lobes of the kernel to each side: enough to keep what lies above 8 kHz 50 dB down. */
const lobes = 8;
/** Places between two samples for which the kernel is tabulated; the nearest is taken, which is off by -60 dB. */
const phases = 256;

export interface AtRate {
  /** Samples that the window has at the new rate. */
  readonly length: number;
  /** @returns shape [count]; what lies beyond the window's end is 0 */
  stretch(from: number, count: number): Float32Array;
}

export function atRate(samples: Float32Array, fromHz: number, toHz: number): AtRate {
  if (fromHz === toHz)
    return { length: samples.length, stretch: (from, count) => samples.subarray(from, from + count) };
  const step = fromHz / toHz;
  const reach = Math.ceil(lobes * Math.max(1, step));
  const cutoff = Math.min(1, toHz / fromHz);
  // 48 kHz needs one phase, 44.1 kHz all of them.
  const kernels = new Map<number, Float64Array>();
  const length = Math.max(1, Math.floor(samples.length / step));
  const stretch = (from: number, count: number): Float32Array => {
    const out = new Float32Array(Math.min(count, length - from));
    const start = Math.floor(from * step) - reach;
    const source = padded(samples, start, Math.ceil(out.length * step) + 2 * reach + 2);
    let kernel = kernelOf(0, reach, cutoff);
    let kernelPhase = 0;
    for (let i = 0; i < out.length; i += 1) {
      const at = Math.round((from + i) * step * phases);
      const whole = Math.floor(at / phases);
      const phase = at - whole * phases;
      if (phase !== kernelPhase) {
        kernel = kernels.get(phase) ?? kernelOf(phase, reach, cutoff);
        kernels.set(phase, kernel);
        kernelPhase = phase;
      }
      out[i] = weighed(source, whole - reach + 1 - start, kernel);
    }
    return out;
  };
  return { length, stretch };
}

/** @returns the samples from `start` on, in the form that is summed in; those that are not there are 0 */
function padded(samples: Float32Array, start: number, count: number): Float64Array {
  const source = new Float64Array(count);
  source.set(samples.subarray(Math.max(0, start), Math.max(0, start + count)), Math.max(0, -start));
  return source;
}

function weighed(source: Float64Array, first: number, kernel: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < kernel.length; k += 1) sum += (source[first + k] as number) * (kernel[k] as number);
  return sum;
}

/** A windowed sinc: its tap k lies `phase / phases - (k - reach + 1)` samples away.
 *  @param cutoff the pass band as a share of the band there is */
function kernelOf(phase: number, reach: number, cutoff: number): Float64Array {
  return Float64Array.from({ length: 2 * reach }, (_, k) => {
    const distance = phase / phases - (k - reach + 1);
    const x = Math.PI * distance * cutoff;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    return cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
  });
}
