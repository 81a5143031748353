/** Queries over the API: asking in every way, the answer, its clips and picture, cancelling, and who sees what. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { projectRoot, type TestLibrary } from '../support/library.ts';
import { ended, formOf, makeWeb, postJson, type SeenQuery, type TestWeb, useWeb } from './running-web.ts';

let library: TestLibrary;
let web: TestWeb;
const bytesOf = (name: string) => new Uint8Array(readFileSync(path.join(library.music, name)));

useWeb((made) => {
  ({ library, web } = made);
});

/** The extracts of a query are still cut when its answer is there. */
function nothingIsLeft(): Promise<void> {
  const uploads = () => globSync('spool/web/*/uploads/*', { cwd: library.indexDir });
  return vi.waitFor(() => expect(uploads()).toEqual([]), 100_000);
}

async function post(init: RequestInit): Promise<{ response: Response; query: SeenQuery }> {
  const response = await web.call('/api/v1/queries', init);
  return { response, query: (await response.json()) as SeenQuery };
}

/** Without what differs from run to run, or between a file on disk and an upload. */
function comparable(answer: Record<string, unknown> & { results: Record<string, unknown>[] }) {
  const { timingsMs: _, ...rest } = answer;
  const results = answer.results.map(({ clip, ab, trackId, ...result }) => result);
  return { ...rest, results };
}

describe('a query', () => {
  test('by upload gives the answer that the command line prints', async () => {
    const form = formOf(bytesOf('piece-2.ogg'), 'piece-2.ogg', { sameArtist: 'true' });
    const { response, query } = await post({ method: 'POST', body: form });
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(query.self);
    const done = await ended(web, query.self);
    expect(done).toMatchObject({ state: 'done', error: null, fromMemory: false });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(projectRoot, 'src/cli.ts'), 'similar', path.join(library.music, 'piece-2.ogg'), '--json'],
      { env: { ...process.env, INDEX_DIR: library.indexDir } },
    );
    expect(comparable(done.answer)).toEqual(comparable(JSON.parse(stdout)));
    expect(done.answer.verdict.kind).toBe('this-is');
    await nothingIsLeft();
  });

  test('plays the moments of a result, in ranges, and draws the picture', async () => {
    const { query } = await post({ method: 'POST', body: formOf(bytesOf('piece-3.ogg'), 'three.ogg') });
    const done = await ended(web, query.self);
    for (const address of [
      done.answer.results[0].clip,
      done.answer.results[0].ab,
      `${done.permanent}/results/2/clips/yours.mp3`,
    ]) {
      const clip = await web.call(address);
      expect([clip.status, clip.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
      expect((await clip.arrayBuffer()).byteLength).toBeGreaterThan(50_000);
      const part = await web.call(address, { headers: { range: 'bytes=100-199' } });
      expect(part.status).toBe(206);
      expect((await part.arrayBuffer()).byteLength).toBe(100);
      const beyond = await web.call(address, { headers: { range: 'bytes=99999999-' } });
      expect([beyond.status, beyond.headers.get('content-type')]).toEqual([
        416,
        'application/problem+json; charset=utf-8',
      ]);
    }
    const picture = await web.call(done.picture ?? '');
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect((await web.call(`${done.self}/results/99/clips/theirs.mp3`)).status).toBe(404);
    expect(await (await web.call(done.permanent ?? '')).json()).toMatchObject({ answer: done.answer });
  });

  test('with a track of the library leaves that track out, and a part of it is enough', async () => {
    const { tracks } = (await (await web.call('/api/v1/tracks?q=piece-4')).json()) as {
      tracks: { id: number; key: string }[];
    };
    const { query } = await post(postJson({ track: tracks[0]?.id, from: '0:10', to: 40, results: 3 }));
    const done = await ended(web, query.self);
    expect(done.state).toBe('done');
    expect(done.answer.results.length).toBe(3);
    expect(done.answer.results.map(({ key }: { key: string }) => key)).not.toContain('piece-4.ogg');
    expect(done.answer.query).toMatchObject({ fromSec: 10, toSec: 40 });
  });

  test('with several tracks gives the answer that the command line prints, and plays the moment of the one that matches', async () => {
    const { tracks } = (await (await web.call('/api/v1/tracks?sort=title')).json()) as {
      tracks: { id: number; key: string }[];
    };
    const idOf = (name: string) => tracks.find(({ key }) => key === name)?.id;
    const wanted = { plus: [idOf('piece-1.ogg'), idOf('piece-2.ogg')], minus: [idOf('piece-3.ogg')] };
    const { query } = await post(postJson({ tracks: wanted, sameArtist: true }));
    const done = await ended(web, query.self);
    expect(done).toMatchObject({ state: 'done', answer: { query: { name: 'piece-1 + piece-2 − piece-3' } } });
    const keys = ['--plus', 'piece-1.ogg', 'piece-2.ogg', '--minus', 'piece-3.ogg'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(projectRoot, 'src/cli.ts'), 'similar', ...keys, '--json'],
      { env: { ...process.env, INDEX_DIR: library.indexDir } },
    );
    expect(comparable(done.answer)).toEqual(comparable(JSON.parse(stdout)));
    for (const { matches } of done.answer.results)
      for (const { queryTrackId } of matches) expect(wanted.plus).toContain(queryTrackId);
    expect((await web.call(`${done.permanent}/results/1/clips/both.mp3`)).status).toBe(200);
    // Asked again, it is the stored answer; a single plus track is the query with that track.
    const again = await ended(web, (await post(postJson({ tracks: wanted, sameArtist: true }))).query.self);
    expect([again.fromMemory, again.permanent]).toEqual([true, done.permanent]);
    const alone = await ended(web, (await post(postJson({ tracks: { plus: [idOf('piece-4.ogg')] } }))).query.self);
    const same = await ended(web, (await post(postJson({ track: idOf('piece-4.ogg') }))).query.self);
    expect(same.permanent).toBe(alone.permanent);
  });

  test('tells its progress as events, which end with it', async () => {
    const { query } = await post({ method: 'POST', body: formOf(bytesOf('piece-5.ogg'), 'five.ogg') });
    const stream = await web.call(query.events);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const states = [...(await stream.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? '').state,
    );
    expect(states.at(-1)).toBe('done');
    // The events of a query that has ended are its end.
    expect((await (await web.call(query.events)).text()).match(/event: state/g)?.length).toBe(1);
  });

  test('of an equal request with an Idempotency-Key is the first one', async () => {
    const headers = { 'idempotency-key': 'again-1' };
    const send = (results: string) =>
      post({ method: 'POST', body: formOf(bytesOf('piece-1.ogg'), 'one.ogg', { results }), headers });
    const [first, second] = [await send('4'), await send('4')];
    expect(second.query.id).toBe(first.query.id);
    const other = await send('5');
    expect([other.response.status, other.query]).toMatchObject([422, { code: 'bad-request' }]);
    await ended(web, first.query.self);
    await nothingIsLeft();
  });

  test('ends when it is cancelled, and leaves no file', async () => {
    // One caller's queries run one after the other, so the second is cancelled before it begins.
    const { query } = await post({ method: 'POST', body: formOf(bytesOf('piece-2.ogg'), 'two.ogg', { to: '33' }) });
    const other = await post({ method: 'POST', body: formOf(bytesOf('piece-3.ogg'), 'two.ogg', { to: '34' }) });
    const early = await web.call(`${other.query.self}/results/1/clips/theirs.mp3`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([409, '1']);
    expect((await web.call(other.query.self, { method: 'DELETE' })).status).toBe(204);
    expect(await ended(web, other.query.self)).toMatchObject({
      state: 'cancelled',
      error: { code: 'cancelled' },
      answer: null,
    });
    expect((await web.call(`${other.query.self}/picture.png`)).status).toBe(404);
    expect((await ended(web, query.self)).state).toBe('done');
    expect((await web.call(other.query.self, { method: 'DELETE' })).status).toBe(204);
    await nothingIsLeft();
  });

  test('in words fails with its reason where the model knows no words', async () => {
    const { query } = await post(postJson({ text: 'a slow waltz' }));
    expect(await ended(web, query.self)).toMatchObject({
      state: 'failed',
      error: { code: 'model-without-text', status: 422 },
    });
  });
});

describe('bad input', () => {
  test('with a lying name and type fails as what it is', async () => {
    const text = new TextEncoder().encode('This is no music at all. '.repeat(400));
    const { query } = await post({ method: 'POST', body: formOf(text, 'song.mp3') });
    expect(await ended(web, query.self)).toMatchObject({ state: 'failed', error: { status: 422 } });
  });

  test.each([
    ['an empty file', () => formOf(new Uint8Array(), 'a.mp3'), 422, 'audio-empty'],
    ['no file', () => Object.assign(new FormData(), {}), 400, 'bad-request'],
    ['an unknown field', () => formOf(new Uint8Array(10), 'a.mp3', { volume: '11' }), 400, 'bad-request'],
    ['an unreadable time', () => formOf(new Uint8Array(10), 'a.mp3', { from: 'soon' }), 400, 'bad-request'],
    [
      'a part that ends before it begins',
      () => formOf(new Uint8Array(10), 'a.mp3', { from: '20', to: '10' }),
      400,
      'bad-request',
    ],
  ])('%s is refused at once', async (_what, body, status, code) => {
    const { response, query } = await post({ method: 'POST', body: body() });
    expect([response.status, query]).toMatchObject([status, { code, status }]);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    [{}, 400, 'bad-request'],
    [{ link: 'http://127.0.0.1/x.mp3', track: 1 }, 400, 'bad-request'],
    [{ track: 999_999 }, 404, 'track-unknown'],
    [{ link: 'ftp://example.org/a.mp3' }, 422, 'link-refused'],
    [{ link: 'https://www.youtube.com/watch?v=1' }, 422, 'link-refused'],
    [{ track: 1, results: 31 }, 400, 'bad-request'],
    [{ tracks: { plus: [], minus: [1] } }, 400, 'bad-request'],
    [{ tracks: { plus: [1], minus: [1] } }, 400, 'bad-request'],
    [{ tracks: { plus: [1], minus: [999_999] } }, 404, 'track-unknown'],
    [{ tracks: { plus: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] } }, 400, 'bad-request'],
  ])('%j is refused with %i', async (body, status, code) => {
    const { response, query } = await post(postJson(body));
    expect([response.status, query]).toMatchObject([status, { code }]);
  });

  test('a link to an address of this machine is refused', async () => {
    const { query } = await post(postJson({ link: `${web.url}/healthz` }));
    expect(await ended(web, query.self)).toMatchObject({ state: 'failed', error: { code: 'link-refused' } });
  });

  test('a file over the limit is refused with 413, and nothing is left', async () => {
    await using small = await makeWeb(library, { FETCH_MAX_MB: '1' });
    const body = formOf(new Uint8Array(1_500_000), 'large.wav');
    const response = await small.call('/api/v1/queries', { method: 'POST', body });
    expect([response.status, await response.json()]).toMatchObject([413, { code: 'audio-too-large' }]);
    await nothingIsLeft();
  });

  test('a part beyond the end fails as bad request', async () => {
    const { query } = await post({
      method: 'POST',
      body: formOf(bytesOf('below/piece-6.mp3'), 'six.mp3', { from: '10:00' }),
    });
    const seen = await ended(web, query.self);
    expect(seen).toMatchObject({ state: 'failed', error: { code: 'bad-request' } });
  });

  test('a request that is no HTTP, or has too large a head, is refused as a problem', async () => {
    const address = new URL(web.url);
    const answerTo = (text: string) =>
      new Promise<string>((resolve, reject) => {
        let seen = '';
        const socket = connect(Number(address.port), address.hostname, () => socket.write(text));
        socket.on('data', (data) => {
          seen += String(data);
        });
        socket.on('close', () => resolve(seen)).on('error', reject);
      });
    expect(await answerTo('nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"status":400/,
    );
    expect(await answerTo(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
    const headers = { 'content-type': 'multipart/form-data' };
    const withoutBoundary = await web.call('/api/v1/queries', { method: 'POST', body: 'x', headers });
    expect([withoutBoundary.status, await withoutBoundary.json()]).toMatchObject([400, { code: 'bad-request' }]);
    const withoutBody = await web.call('/api/v1/queries', { method: 'POST' });
    expect([withoutBody.status, await withoutBody.json()]).toMatchObject([400, { code: 'bad-request' }]);
  });

  test('unknown addresses give 404 and other methods 405, as problems', async () => {
    expect((await web.call('/api/v1/nothing')).status).toBe(404);
    const response = await web.call('/api/v1/tracks', { method: 'PUT' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await (await web.call('/api/v1/queries/qffff')).json()).toMatchObject({ code: 'not-found', status: 404 });
  });
});

test('an answer is gone when a track of it was removed, with its clips', async () => {
  const { query } = await post({ method: 'POST', body: formOf(bytesOf('piece-1.ogg'), 'gone.ogg', { to: '31' }) });
  const done = await ended(web, query.self);
  const [first] = done.answer.results;
  library.app.catalog.removals.remove([first.key], 'request');
  const clip = await web.call(first.clip);
  expect([clip.status, await clip.json()]).toMatchObject([410, { code: 'answer-expired' }]);
  expect((await web.call(done.self)).status).toBe(410);
});
