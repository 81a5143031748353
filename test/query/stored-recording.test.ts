import { serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { partOf, readRecording, writeRecording } from '../../src/query/stored-recording.ts';
import { recordingOf } from '../catalog/helpers.ts';

test('restores a stored recording unchanged, and rejects damaged or foreign bytes', () => {
  const recording = recordingOf(['music', 'silence', 'music'], { dimensions: 256 });
  const bytes = writeRecording(recording);
  expect(readRecording(bytes)).toEqual(recording);
  expect(readRecording(bytes.subarray(0, 40))).toBeNull();
  expect(readRecording(serialize({ format: 0, recording }))).toBeNull();
  expect(readRecording(Buffer.from('nonsense'))).toBeNull();
});

test('cuts a part to whole windows counted from 0, with its share of the fingerprint', () => {
  const whole = { ...recordingOf(['music', 'music', 'music', 'music']), durationSec: 40 };
  const items = Uint32Array.from({ length: 320 }, (_, i) => i);
  const part = partOf({ ...whole, fingerprint: { items, itemSec: 0.125 } }, 8, 31);
  expect(part?.chunks.map(({ index, startSec }) => [index, startSec])).toEqual([
    [0, 10],
    [1, 20],
  ]);
  expect(part?.fingerprint.items[0]).toBe(64);
  expect(part?.fingerprint.items).toHaveLength(184);
  expect(partOf(whole, 12, 18)).toBeNull();
  expect(partOf(whole, 50, Number.POSITIVE_INFINITY)).toBeNull();
});
