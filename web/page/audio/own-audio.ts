/** The recording that the user dropped, decoded by the browser: its waveform, and its moments to hear. It never leaves the tab
 *  again, so it is there until the page is loaded anew. */
import type { Waveform } from '../api/types.ts';

/** A minute of decoded stereo takes 21 MB of memory. */
const bytesMax = 30_000_000;
const sampleRateHz = 44_100;
const points = 800;
const byteMax = 255;

/** @returns null for what the browser cannot decode, which the server may still be able to */
export async function decodeOwn(file: File): Promise<AudioBuffer | null> {
  if (file.size > bytesMax) return null;
  try {
    return await new OfflineAudioContext(1, 1, sampleRateHz).decodeAudioData(await file.arrayBuffer());
  } catch {
    return null;
  }
}

export function waveformOf(buffer: AudioBuffer): Waveform {
  const samples = buffer.getChannelData(0);
  const peaks = Array.from({ length: points }, (_, point) => {
    const end = Math.floor(((point + 1) * samples.length) / points);
    let peak = 0;
    for (let at = Math.floor((point * samples.length) / points); at < end; at++)
      peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    return peak;
  });
  const loudest = Math.max(1e-3, ...peaks);
  return { durationSec: buffer.duration, peaks: peaks.map((peak) => Math.round((peak / loudest) * byteMax)) };
}

/** @returns null beyond the end */
export function sliceOf(buffer: AudioBuffer, fromSec: number, durationSec: number): AudioBuffer | null {
  const { sampleRate, numberOfChannels } = buffer;
  const start = Math.round(Math.max(0, fromSec) * sampleRate);
  const length = Math.min(Math.round(durationSec * sampleRate), buffer.length - start);
  if (length <= 0) return null;
  const slice = new AudioBuffer({ length, numberOfChannels, sampleRate });
  for (let channel = 0; channel < numberOfChannels; channel++)
    slice.copyToChannel(buffer.getChannelData(channel).subarray(start, start + length), channel);
  return slice;
}
