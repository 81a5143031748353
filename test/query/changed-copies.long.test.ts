import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbeddedRecording } from '../../src/domain.ts';
import { momentInTrack } from '../../src/query/answer-facts.ts';
import { answerJson } from '../../src/query/answer-json.ts';
import { ask, makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

const telephone = 'highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400,aresample=8000';
const tape = (speed: number) => `aresample=44100,asetrate=${Math.round(44_100 * speed)},aresample=44100`;

describe('copies at another speed or through a telephone', () => {
  let library: TestLibrary;
  const made = (name: string) => path.join(library.folder, name);
  const copyOf = (name: string, filter: string, ...codec: string[]) => {
    const piece = path.join(library.music, 'piece-2.ogg');
    ffmpeg('-ss', '9.5', '-t', '33', '-i', piece, '-af', filter, ...codec, made(name));
    return made(name);
  };

  beforeAll(async () => {
    library = await makeLibrary();
  });
  afterAll(() => library[Symbol.asyncDispose]());

  test.each([
    ['2 % faster, as a tape', tape(1.02), 1.02],
    ['3.2 % slower, as a tape', tape(0.968), 0.968],
    ['3 % faster, at its own pitch', 'atempo=1.03', 1.03],
  ])('proves a copy that plays %s, with speed and offset', async (name, filter, speed) => {
    const answer = await ask(library.app, copyOf(`${name.replaceAll(/\W+/g, '-')}.wav`, filter));
    const { verdict, results } = answer;
    expect(results[0]?.track.key).toBe('piece-2.ogg');
    if (verdict.kind !== 'this-is') throw new Error(`expected a proof, got ${verdict.kind}`);
    expect(Math.abs((verdict.speed ?? 1) - speed)).toBeLessThan(0.004);
    expect(Math.abs(verdict.offsetSec - 9.5)).toBeLessThan(1);
    expect(answerJson(answer).verdict).toMatchObject({ kind: 'this-is', speed: verdict.speed });
    const [result] = results;
    const hit = result?.hits.find(({ queryStartSec }) => queryStartSec >= 10);
    if (!result || !hit) throw new Error('expected a hit after 10 s');
    const sameNoteSec = 9.5 + hit.queryStartSec * speed;
    expect(Math.abs(momentInTrack(answer, result, hit) - sameNoteSec)).toBeLessThan(1);
  });

  test('proves a copy through a telephone, at its own speed', async () => {
    const call = copyOf('call.wav', telephone, '-c:a', 'pcm_mulaw');
    const { verdict, results } = await ask(library.app, call, { includeNonMusic: true });
    expect(results[0]?.track.key).toBe('piece-2.ogg');
    expect(verdict).toMatchObject({ kind: 'this-is' });
    expect(verdict).not.toHaveProperty('speed');
  });

  test('proves no other piece, at any speed or through a telephone', async () => {
    writePiece(made('foreign.wav'), 91, 40);
    ffmpeg('-i', made('foreign.wav'), '-af', telephone, '-c:a', 'pcm_mulaw', made('foreign-call.wav'));
    ffmpeg('-i', made('foreign.wav'), '-af', tape(1.02), made('foreign-fast.wav'));
    for (const name of ['foreign-call.wav', 'foreign-fast.wav']) {
      const { verdict } = await ask(library.app, made(name), { includeNonMusic: true });
      expect(verdict.kind).not.toBe('this-is');
    }
  });

  test('proves a part of a recording, with the offset of the part', async () => {
    const fast = copyOf('part.wav', tape(1.03));
    const { verdict } = await ask(library.app, fast, { fromSec: 10, toSec: 30 });
    expect(verdict).toMatchObject({ kind: 'this-is' });
    expect(verdict.kind === 'this-is' && Math.abs(verdict.offsetSec - (9.5 + 10 * 1.03))).toBeLessThan(1);
  });

  test('answers from a stored embedding by the fingerprint alone when the audio is missing', async () => {
    const embedded: EmbeddedRecording[] = [];
    const asked = {
      path: made('fast.wav'),
      neighbours: 5,
      fusion: 'votes',
      resultsMax: 5,
      includeNonMusic: false,
    } as const;
    copyOf('fast.wav', tape(1.02));
    await library.app.queries.similar({ ...asked, signal: never, onEmbedded: (recording) => embedded.push(recording) });
    const [heard] = embedded;
    if (!heard) throw new Error('expected an embedding');
    const again = await library.app.queries.similar({ ...asked, signal: never, path: '', storedEmbedding: heard });
    expect(again.results[0]?.track.key).toBe('piece-2.ogg');
    expect(again.verdict.kind).toBe('sounds-like');
  });
});
