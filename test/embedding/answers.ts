/** Lines of a worker's answer, written by hand. */
import { encodeArray } from '../../src/embedding/packed-arrays.ts';
import { toWireChunk, type WorkerLine } from '../../src/embedding/wire-format.ts';

export const infoLine: WorkerLine = {
  type: 'info',
  model: 'tiny',
  spaceId: 'tiny@1.0.0/000000000000/fp32/w10h10/fe:none-1',
  dimensions: 4,
  windowSec: 10,
  durationSec: 20,
  title: 'Prelude',
  artist: null,
  album: null,
};

export function chunkLine(index: number, vector: Float32Array = Float32Array.of(0, 0.6, 0, 0.8)): WorkerLine {
  const span = { index, startSec: index * 10, endSec: index * 10 + 10, overlapSec: 0 };
  return { type: 'chunks', chunks: [toWireChunk({ ...span, kind: 'music', loudnessDb: -12, vector })] };
}

export function doneLine(chunks: number): WorkerLine {
  return {
    type: 'done',
    durationSec: chunks * 10,
    chunks,
    musicChunks: chunks,
    fingerprint: { items: encodeArray(Uint32Array.of(1, 2, 3)), itemSec: 0.125 },
    timingsMs: { queued: 0, decode: 1, embed: 1, total: 2 },
  };
}

export function asText(...lines: readonly unknown[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

export const goodAnswer = asText(infoLine, chunkLine(0), chunkLine(1), doneLine(2));
