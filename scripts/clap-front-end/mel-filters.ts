/** The mel filters that CLAP was trained on: triangles on Slaney's scale, each of area 1 (in Hz).
 *
 *  Not the HTK scale, which the same extractor uses for its fused models: with the wrong one of the two a window's vector
 *  has nothing to do with the right one.
 *  @see Slaney, Auditory Toolbox, 1998; `librosa.filters.mel` and transformers' `mel_filter_bank` write the same table
 */
import { range } from '../descriptor/tables.ts';

/** Linear below 1000 Hz (15 mel), logarithmic above. */
const breakHz = 1000;
const breakMel = 15;
const hzPerMel = breakHz / breakMel;
const logStep = Math.log(6.4) / 27;

export interface MelFilters {
  readonly bands: number;
  readonly fftLength: number;
  readonly sampleRateHz: number;
  readonly lowHz: number;
  readonly highHz: number;
}

/** Shape [bins, bands], row-major, for the bins given: bin k is k * sampleRateHz / fftLength hertz. */
export function slaneyMelFilters(filters: MelFilters, bins: readonly number[]): Float64Array {
  const { bands, fftLength, sampleRateHz, lowHz, highHz } = filters;
  const stepMel = (toMel(highHz) - toMel(lowHz)) / (bands + 1);
  const edgesHz = range(0, bands + 2).map((edge) => toHz(toMel(lowHz) + edge * stepMel));
  const table = new Float64Array(bins.length * bands);
  for (const band of range(0, bands)) {
    const [left = 0, centre = 0, right = 0] = edgesHz.slice(band, band + 3);
    bins.forEach((bin, row) => {
      const hz = (bin * sampleRateHz) / fftLength;
      const height = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
      table[row * bands + band] = (Math.max(0, height) * 2) / (right - left);
    });
  }
  return table;
}

function toMel(hz: number): number {
  return hz < breakHz ? hz / hzPerMel : breakMel + Math.log(hz / breakHz) / logStep;
}

function toHz(mel: number): number {
  return mel < breakMel ? mel * hzPerMel : breakHz * Math.exp((mel - breakMel) * logStep);
}
