/** The tables of the front end, as plain formulas. All are row-major and in float64 until they are written. */

/** Periodic Hann window, shape [length]. */
export function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
}

/** Triangular mel filters on the HTK scale, peak 1, shape [bands, fftLength / 2 + 1].
 *  @see Davis and Mermelstein 1980; the HTK Book, section 5.4 */
export function melFilters(bands: number, fftLength: number, sampleRateHz: number, lowHz: number, highHz: number) {
  const toMel = (hz: number): number => 2595 * Math.log10(1 + hz / 700);
  const toHz = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);
  const lowMel = toMel(lowHz);
  const stepMel = (toMel(highHz) - lowMel) / (bands + 1);
  const edgesHz = Array.from({ length: bands + 2 }, (_, i) => toHz(lowMel + i * stepMel));
  const bins = fftLength / 2 + 1;
  const filters = new Float64Array(bands * bins);
  for (let band = 0; band < bands; band++) {
    const [left = 0, centre = 0, right = 0] = edgesHz.slice(band, band + 3);
    for (let bin = 0; bin < bins; bin++) {
      const hz = (bin * sampleRateHz) / fftLength;
      filters[band * bins + bin] = Math.max(
        0,
        Math.min((hz - left) / (centre - left), (right - hz) / (right - centre)),
      );
    }
  }
  return filters;
}

/** Orthonormal DCT-II as a right-hand factor, shape [bands, coefficients]: log-mel [.., bands] times this is MFCC. */
export function cosineTransform(bands: number, coefficients: number): Float64Array {
  const table = new Float64Array(bands * coefficients);
  for (let band = 0; band < bands; band++) {
    for (let k = 0; k < coefficients; k++) {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / bands);
      table[band * coefficients + k] = scale * Math.cos((Math.PI * k * (band + 0.5)) / bands);
    }
  }
  return table;
}

/** Blackman-windowed sinc low-pass of gain 1, shape [taps]. @see Oppenheim and Schafer, window method */
export function lowPass(taps: number, cutOffHz: number, sampleRateHz: number): Float64Array {
  const table = Float64Array.from({ length: taps }, (_, n) => {
    const t = n - (taps - 1) / 2;
    const x = (2 * Math.PI * cutOffHz * t) / sampleRateHz;
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const phase = (2 * Math.PI * (n + 0.5)) / taps;
    return sinc * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase));
  });
  const sum = table.reduce((total, value) => total + value, 0);
  return table.map((value) => value / sum);
}

export function midiToHz(midi: number): number {
  return 440 * 2 ** ((midi - 69) / 12);
}

export function range(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}
