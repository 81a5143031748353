/** The acoustic fingerprint, made by ffmpeg's chromaprint muxer in the run that decodes. */
import type { Fingerprint } from '../domain.ts';

/** What chromaprint works at. */
export const fingerprintRateHz = 11_025;

/** Chromaprint's default algorithm looks at 4096 samples at that rate and moves on by a third of them, rounded down.
 *  @see https://github.com/acoustid/chromaprint fingerprinter_configuration.cpp (test 2) */
export const fingerprintItemSec = Math.floor(4096 / 3) / fingerprintRateHz;

export const fingerprintOptions: readonly string[] = ['-f', 'chromaprint', '-fp_format', 'raw'];

/** @param bytes the muxer's raw format: uint32 little-endian, no head */
export function readFingerprint(bytes: Buffer): Fingerprint {
  const items = new Uint32Array(Math.floor(bytes.length / 4));
  bytes.copy(Buffer.from(items.buffer), 0, 0, items.byteLength);
  return { items, itemSec: fingerprintItemSec };
}
