import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { decodePcm } from '../../src/audio/decode.ts';
import { LevelReader, speedFingerprints } from '../../src/audio/speed-fingerprints.ts';
import type { Fingerprint } from '../../src/domain.ts';
import { matchFingerprints } from '../../src/fingerprint/match.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

const limits = { deadlineMs: 60_000, durationMaxSec: 600, bytesMax: 2 ** 28, memoryMaxBytes: 2 ** 31 };
const signal = new AbortController().signal;
let folder: string;
const file = (name: string) => path.join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-speeds-'));
  writePiece(file('piece.wav'), 3, 45);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function fingerprintOf(name: string): Promise<Fingerprint> {
  const decoding = decodePcm(file(name), { sampleRateHz: 16_000, fingerprint: true, signal, limits });
  for await (const _ of decoding.pcm) void _;
  return (await decoding.finished).fingerprint;
}

function copy(name: string, filter: string): string {
  ffmpeg('-ss', '5', '-t', '35', '-i', file('piece.wav'), '-af', filter, file(name));
  return file(name);
}

test.each([0.96, 0.98, 1.02, 1.04])('the fingerprint at %f reverses that speed', async (speed) => {
  const rateHz = Math.round(44_100 * speed);
  const played = copy(`at-${speed}.wav`, `aresample=44100,asetrate=${rateHz},aresample=44100`);
  const track = await fingerprintOf('piece.wav');
  const { atSpeeds, isTelephoneBand } = await speedFingerprints(played, { durationSec: 30, signal, limits });
  const undone = atSpeeds.find((one) => one.speed === speed);
  const match = undone && matchFingerprints(undone, track);
  expect(match?.bitErrorRate).toBeLessThan(0.1);
  expect(match?.offsetSec).toBeCloseTo(5, 0);
  const agreeing = (print: Fingerprint | undefined) =>
    (print && matchFingerprints(print, track)?.informativeItems) ?? 0;
  expect(agreeing(undone)).toBeGreaterThan(2 * agreeing(await fingerprintOf(`at-${speed}.wav`)));
  expect(isTelephoneBand).toBe(false);
});

test('reads a part, and leaves no file behind', async () => {
  const temporary = file('temporary');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  const { atSpeeds } = await speedFingerprints(file('piece.wav'), { fromSec: 20, durationSec: 15, signal, limits });
  expect(atSpeeds.map(({ speed }) => speed)).toEqual([0.96, 0.97, 0.98, 0.99, 1.01, 1.02, 1.03, 1.04]);
  for (const { items, itemSec, speed } of atSpeeds) {
    // The last items look ahead.
    expect(items.length * itemSec).toBeGreaterThan(15 * speed - 3.2);
    expect(items.length * itemSec).toBeLessThan(15 * speed);
  }
  vi.unstubAllEnvs();
  expect(readdirSync(temporary)).toEqual([]);
});

test('detects a telephone by the missing low and high frequencies', async () => {
  const band = 'highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400,aresample=8000';
  const full = 'anoisesrc=d=20:c=pink:a=0.3';
  const noise = (name: string, filter: string) => {
    ffmpeg('-f', 'lavfi', '-i', full, '-af', filter, file(name));
    return speedFingerprints(file(name), { durationSec: 20, signal, limits });
  };
  expect((await noise('telephone.wav', band)).isTelephoneBand).toBe(true);
  expect((await noise('full.wav', 'anull')).isTelephoneBand).toBe(false);
  expect((await noise('no-bass.wav', 'highpass=f=300,highpass=f=300')).isTelephoneBand).toBe(false);
  expect((await noise('no-treble.wav', 'lowpass=f=3000,lowpass=f=3000,lowpass=f=3000')).isTelephoneBand).toBe(false);
});

test('does not report a telephone without levels', () => {
  const reader = new LevelReader();
  reader.read('[volumedetect@all @ 0x5] [info] mean_volume: -20.5 dB');
  reader.read('[volumedetect@bass @ 0x5] [info] mean_volume: -91.0 dB');
  expect(reader.levelsDb).toEqual({ all: -20.5, bass: -91, treble: Number.NaN });
  expect(reader.isTelephoneBand).toBe(false);
});

test('reports a missing file and a file without audio', async () => {
  await expect(speedFingerprints(file('missing.wav'), { durationSec: 20, signal, limits })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
  ffmpeg('-f', 'lavfi', '-i', 'anullsrc=d=1', '-f', 'ffmetadata', file('text.wav'));
  await expect(speedFingerprints(file('text.wav'), { durationSec: 20, signal, limits })).rejects.toMatchObject({
    name: 'LeitmotifError',
  });
  await expect(
    speedFingerprints(file('piece.wav'), { durationSec: 20, signal: AbortSignal.abort(), limits }),
  ).rejects.toMatchObject({ code: 'cancelled' });
});
