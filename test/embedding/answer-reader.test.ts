import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EmbedProgress, readAnswer } from '../../src/embedding/answer-reader.ts';
import { asText, chunkLine, doneLine, goodAnswer, infoLine } from './answers.ts';

async function* blocks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

const codeOf = (answer: string) =>
  readAnswer(blocks(answer)).then(
    () => 'none',
    (error) => error.code,
  );

describe('an answer of the worker', () => {
  test('becomes a recording', async () => {
    const recording = await readAnswer(blocks(goodAnswer));
    expect(recording.durationSec).toBe(20);
    expect(recording.tags).toEqual({ title: 'Prelude', artist: null, album: null });
    expect(recording.fingerprint).toEqual({ items: Uint32Array.of(1, 2, 3), itemSec: 0.125 });
    expect(recording.chunks.map(({ index, startSec }) => [index, startSec])).toEqual([
      [0, 0],
      [1, 10],
    ]);
    expect(recording.chunks[0]?.vector).toEqual(Float32Array.of(0, 0.6, 0, 0.8));
  });

  test('reads the same wherever the network splits it', async () => {
    const bytes = Buffer.from(goodAnswer);
    const whole = await readAnswer(blocks(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: bytes.length }), { maxLength: 12 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((to, i) => bytes.subarray(at[i], to));
        expect(await readAnswer(blocks(...parts))).toEqual(whole);
      }),
    );
  });

  test('reports progress with every chunk and every progress line', async () => {
    const seen: EmbedProgress[] = [];
    const progress = { type: 'progress', decodedSec: 10, chunksDone: 1 };
    const text = asText(infoLine, chunkLine(0), progress, chunkLine(1), doneLine(2));
    await readAnswer(blocks(text), (step) => seen.push(step));
    expect(seen).toEqual([
      { decodedSec: 10, durationSec: 20, chunksDone: 1 },
      { decodedSec: 10, durationSec: 20, chunksDone: 1 },
      { decodedSec: 20, durationSec: 20, chunksDone: 2 },
    ]);
  });

  test('is never complete when it was cut off anywhere', async () => {
    // The newline after `done` is the first byte that may be missing.
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: goodAnswer.length - 1 }), async (to) => {
        expect(await codeOf(goodAnswer.slice(0, to))).toBe('worker-protocol');
      }),
    );
  });

  test("rethrows the worker's error, and wraps an unknown code", async () => {
    expect(await codeOf(asText(infoLine, { type: 'error', code: 'audio-unreadable', message: 'no' }))).toBe(
      'audio-unreadable',
    );
    expect(await codeOf(asText(infoLine, { type: 'error', code: 'from-the-future', message: 'no' }))).toBe(
      'worker-protocol',
    );
  });

  test.each([
    ['no JSON', 'hello\n'],
    ['a line of another type', asText(infoLine, { type: 'surprise' })],
    ['chunks before info', asText(chunkLine(0))],
    ['two info lines', asText(infoLine, infoLine)],
    ['a missing chunk', asText(infoLine, chunkLine(0), chunkLine(2), doneLine(2))],
    ['a duplicate chunk', asText(infoLine, chunkLine(0), chunkLine(0), doneLine(2))],
    ['fewer chunks than announced', asText(infoLine, chunkLine(0), doneLine(2))],
    ['a line after done', asText(infoLine, doneLine(0), chunkLine(0))],
    ['a vector of another width', asText(infoLine, chunkLine(0, Float32Array.of(1)), doneLine(1))],
    ['a vector that is not of unit length', asText(infoLine, chunkLine(0, Float32Array.of(1, 1, 0, 0)), doneLine(1))],
    ['a vector with NaN', asText(infoLine, chunkLine(0, Float32Array.of(Number.NaN, 0, 0, 1)), doneLine(1))],
    ['an endless line', 'x'.repeat(9 * 1024 * 1024)],
  ])('is refused with %s', async (_name, text) => {
    expect(await codeOf(text)).toBe('worker-protocol');
  });
});
