import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { LeitmotifError } from '../../src/errors.ts';
import type { Answer } from '../../src/query/answer.ts';
import { answerJson } from '../../src/query/answer-json.ts';
import { AverageSounds } from '../../src/query/average-sounds.ts';
import { allClips } from '../support/clips.ts';
import { ask, makeLibrary, type TestLibrary } from '../support/library.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

describe('a query over a library of synthetic pieces', () => {
  let library: TestLibrary;
  const music = (name: string) => path.join(library.music, name);
  const made = (name: string) => path.join(library.folder, name);

  beforeAll(async () => {
    library = await makeLibrary();
  });

  afterAll(() => library[Symbol.asyncDispose]());

  test('ranks a library file first at distance 0 in every chunk, and returns the verdict "this is"', async () => {
    const answer = await ask(library.app, music('piece-3.ogg'));
    const [first] = answer.results;
    expect(first?.track.key).toBe('piece-3.ogg');
    // A piece of 47 s has a tail, which is one voter with its neighbour.
    const voters = answer.query.chunks.length - 1;
    expect(first?.agreeingChunks).toBe(voters);
    expect(first?.bestDistance).toBeCloseTo(0, 5);
    const own = first?.hits.filter((hit) => Math.abs(hit.queryStartSec - hit.trackStartSec) < 0.01) ?? [];
    expect(own).toHaveLength(voters);
    for (const hit of own) expect(hit.distance).toBeCloseTo(0, 5);
    expect(answer.verdict).toMatchObject({ kind: 'this-is', trackId: first?.track.id });
    expect(answer.verdict.kind === 'this-is' && Math.abs(answer.verdict.offsetSec)).toBeLessThan(0.5);
  });

  test.each([
    ['an mp3 of 64 kbit/s', ['-b:a', '64k']],
    ['9 dB quieter', ['-af', 'volume=-9dB', '-b:a', '128k']],
    ['3 dB of treble more and 3 dB of bass less', ['-af', 'treble=g=3,bass=g=-3', '-b:a', '128k']],
  ])('recognises a part of a recording as %s, with its offset', async (name, options) => {
    const part = made(`${name.replaceAll(/\W+/g, '-')}.mp3`);
    ffmpeg('-ss', '13.3', '-t', '21', '-i', music('piece-2.ogg'), ...options, part);
    const { verdict, results } = await ask(library.app, part);
    expect(results[0]?.track.key).toBe('piece-2.ogg');
    expect(verdict.kind).toBe('this-is');
    expect(verdict.kind === 'this-is' && Math.abs(verdict.offsetSec - 13.3)).toBeLessThan(1);
  });

  test('does not identify another piece as a recording of the library', async () => {
    const { verdict } = await ask(library.app, writePiece(made('foreign.ogg'), 77, 40));
    expect(verdict.kind).not.toBe('this-is');
  });

  test('counts how similar the average sounds are, in the sound of the default fusion', async () => {
    const similarities = vi.spyOn(AverageSounds.prototype, 'similarities');
    onTestFinished(() => similarities.mockRestore());
    const { results } = await ask(library.app, music('piece-3.ogg'));
    const averages = (await similarities.mock.results[0]?.value) ?? new Map<number, number>();
    similarities.mockResolvedValue(undefined);
    const without = await ask(library.app, music('piece-3.ogg'));
    const soundOf = new Map(without.results.map(({ track, scoreOfParts }) => [track.id, scoreOfParts?.sound]));
    const compared = results.filter(({ track }) => soundOf.has(track.id) && averages.has(track.id));
    expect(compared.length).toBeGreaterThan(1);
    for (const { track, scoreOfParts } of compared) {
      const added = 1.5 * (averages.get(track.id) ?? Number.NaN);
      expect(scoreOfParts?.sound).toBeCloseTo((soundOf.get(track.id) ?? Number.NaN) + added, 6);
    }
  });

  test('returns the same bytes for the same query on the same generation', async () => {
    const once = async () => ({ ...answerJson(await ask(library.app, music('piece-4.ogg'))), timingsMs: null });
    expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
  });

  test('searches with a part, with times from the beginning of the recording', async () => {
    const { query, verdict, results } = await ask(library.app, music('piece-1.ogg'), { fromSec: 20, toSec: 40 });
    expect(query).toMatchObject({ fromSec: 20, toSec: 40 });
    expect(query.chunks.map((chunk) => chunk.startSec)).toEqual([20, 30]);
    expect(results[0]?.track.key).toBe('piece-1.ogg');
    expect(verdict.kind === 'this-is' && Math.abs(verdict.offsetSec - 20)).toBeLessThan(0.5);
  });

  test('reports that the query is only silence', async () => {
    const silence = made('silence.wav');
    ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono:d=25', silence);
    const answer = await ask(library.app, silence);
    expect(answerJson(answer).verdict.text).toBe('Only silence: there is no music in it to compare');
    expect(answer.results).toEqual([]);
  });

  test('excludes a removed track at once, and the next track takes its place', async () => {
    const app = await library.open();
    const before = await ask(app, music('piece-5.ogg'));
    app.catalog.removals.remove(['piece-5.ogg'], 'request');
    const after = await ask(app, music('piece-5.ogg'));
    expect(before.results[0]?.track.key).toBe('piece-5.ogg');
    expect(after.results.map((result) => result.track.key)).not.toContain('piece-5.ogg');
    expect(after.results.length).toBeGreaterThan(0);
    expect(after.generation).toBe(before.generation);
    app.catalog.removals.restore('piece-5.ogg');
  });

  test('rebuilds everything but the catalog after it was deleted', async () => {
    const before = await ask(library.app, music('piece-4.ogg'));
    rmSync(path.join(library.indexDir, 'generations'), { recursive: true });
    const after = await ask(await library.open(), music('piece-4.ogg'));
    expect({ ...answerJson(after), timingsMs: null }).toEqual({ ...answerJson(before), timingsMs: null });
  });

  test('rejects a generation with flipped bits, and rebuilds it from the catalog', async () => {
    const before = await ask(library.app, music('piece-4.ogg'));
    const shard = readdirSync(path.join(library.indexDir, 'generations'), { recursive: true, encoding: 'utf8' }).find(
      (name) => name.endsWith('.faiss'),
    );
    if (!shard) throw new Error('no shard was written');
    const file = path.join(library.indexDir, 'generations', shard);
    const bytes = readFileSync(file);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 0x10;
    writeFileSync(file, bytes);
    const after = await ask(await library.open(), music('piece-4.ogg'));
    expect(answerJson(after).results).toEqual(answerJson(before).results);
  });

  test('refuses an index of another space by name, with the command that fixes it', async () => {
    const app = await library.open({ WINDOW_SEC: '5' });
    const refusal = await ask(app, music('piece-1.ogg')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LeitmotifError);
    expect(refusal).toMatchObject({ code: 'space-mismatch' });
    expect(String(refusal)).toMatch(/w5h5[\s\S]*w10h10[\s\S]*npm run index/);
  });

  test('cuts a tagged clip for each piece whose file exists', async () => {
    const gone = made('gone.ogg');
    const answer = await ask(library.app, music('piece-1.ogg'), { resultsMax: 3 });
    const second = answer.results[1];
    if (!second) throw new Error('expected a second result');
    cpSync(music(second.track.key), gone);
    rmSync(music(second.track.key));
    const options = { queryPath: music('piece-1.ogg'), dir: made('clips'), signal: new AbortController().signal };
    const { byRank, problems } = await allClips(library.app.queries.clips(answer, options));
    cpSync(gone, music(second.track.key));
    // In the order of the ranking.
    expect([...byRank.keys()]).toEqual([1, 3]);
    expect(problems.get(2)).toMatchObject({ code: 'file-unreadable' });
    const files = readdirSync(made('clips')).sort();
    expect(files).toHaveLength(6);
    expect(files[0]).toMatch(/^01-piece-1-ab\.mp3$/);
  });

  test('fills the place of an excluded piece with the next nearest', async () => {
    const file = path.join(library.music, 'piece-2.ogg');
    const own = library.app.catalog.tracks.byKey('piece-2.ogg')?.id ?? 0;
    const votes = (answer: Answer) => answer.results.reduce((sum, result) => sum + result.votes, 0);
    const all = await ask(library.app, file);
    const others = await ask(library.app, file, { excludedTracks: new Set([own]) });
    expect(all.results[0]?.track.id).toBe(own);
    expect(others.results.map(({ track }) => track.id)).not.toContain(own);
    expect(votes(others)).toBeGreaterThan(votes(all) - (all.results[0]?.votes ?? 0));
  });
});
