/** The acoustic fingerprint from ffmpeg's chromaprint muxer. */
import type { Fingerprint } from '../domain.ts';

/** Chromaprint's internal rate. */
export const fingerprintRateHz = 11_025;

/** Chromaprint's default algorithm uses frames of 4096 samples at that rate, with a hop of a third, rounded down.
 *  @see https://github.com/acoustid/chromaprint fingerprinter_configuration.cpp (test 2) */
export const fingerprintItemSec = Math.floor(4096 / 3) / fingerprintRateHz;

export const fingerprintOptions: readonly string[] = ['-f', 'chromaprint', '-fp_format', 'raw'];

/** @param bytes the muxer's raw format: uint32 little-endian, no header */
export function readFingerprint(bytes: Buffer): Fingerprint {
  const items = new Uint32Array(Math.floor(bytes.length / 4));
  bytes.copy(Buffer.from(items.buffer), 0, 0, items.byteLength);
  return { items, itemSec: fingerprintItemSec };
}
