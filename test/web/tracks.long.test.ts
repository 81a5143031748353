/** The library over the API: pages of tracks, one track, what is near to it, how it sounds, and the state of everything. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { never, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { makeWeb, type TestWeb, useWeb } from './running-web.ts';

interface SeenTrack {
  readonly id: number;
  readonly key: string;
  readonly title: string | null;
  readonly durationSec: number;
}
interface Page {
  readonly tracks: SeenTrack[];
  readonly next: string | null;
}

let library: TestLibrary;
let web: TestWeb;

useWeb((made) => {
  ({ library, web } = made);
});

async function get<T>(url: string): Promise<T> {
  const response = await web.call(url);
  expect(response.status, url).toBe(200);
  return (await response.json()) as T;
}

async function pagesOf(query: string): Promise<string[]> {
  const keys: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const page: Page = await get<Page>(`/api/v1/tracks?${query}${next === '' ? '' : `&cursor=${next}`}`);
    keys.push(...page.tracks.map(({ key }) => key));
    next = page.next;
  }
  return keys;
}

describe('tracks', () => {
  const untitled = [1, 2, 3, 4, 5].map((n) => `piece-${n}.ogg`);

  test.each([
    ['sort=title&limit=2', [...untitled, 'below/piece-6.mp3']],
    ['sort=title&order=desc&limit=1', ['below/piece-6.mp3', ...untitled.toReversed()]],
    ['sort=title&limit=200', [...untitled, 'below/piece-6.mp3']],
    ['q=titled somebody&limit=1', ['below/piece-6.mp3']],
    ['q=%25&limit=5', []],
    ['q=TITLED e-6&sort=artist', ['below/piece-6.mp3']],
    ['sort=artist&limit=2', [...untitled, 'below/piece-6.mp3']],
    ['sort=album&order=desc&limit=2', [...untitled.toReversed(), 'below/piece-6.mp3']],
    ['q=piece-&sort=duration&limit=4', ['below/piece-6.mp3', ...untitled]],
  ])('come in pages: %s', async (query, keys) => {
    expect(await pagesOf(query)).toEqual(keys);
  });

  test('in the order of their ids come forwards and backwards', async () => {
    const forwards = await pagesOf('sort=added&limit=4');
    expect(forwards.toSorted()).toEqual([...untitled, 'below/piece-6.mp3'].toSorted());
    expect(await pagesOf('sort=added&order=desc&limit=4')).toEqual(forwards.toReversed());
  });

  test.each(['cursor=nonsense', 'limit=0', 'limit=201', 'sort=colour'])('%s is refused', async (query) => {
    const response = await web.call(`/api/v1/tracks?${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'bad-request' }]);
  });

  test('a cursor of another order is refused', async () => {
    const { next } = await get<Page>('/api/v1/tracks?limit=1');
    expect((await web.call(`/api/v1/tracks?limit=1&order=desc&cursor=${next}`)).status).toBe(400);
  });

  test('are not sent again when they have not changed', async () => {
    const first = await web.call('/api/v1/tracks');
    const etag = first.headers.get('etag') ?? '';
    const again = await web.call('/api/v1/tracks', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });
});

describe('the map', () => {
  interface SeenMap {
    readonly ids: number[];
    readonly x: number[];
    readonly cluster: number[];
    readonly artist: number[];
    readonly artists: string[];
  }

  async function mapOf({ call }: TestWeb): Promise<Response> {
    for (;;) {
      const response = await call('/api/v1/map');
      if (response.status !== 202) return response;
      expect(await response.json()).toEqual({ state: 'making' });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  test('has every track with its place, group and artist, and is not sent again', async () => {
    const response = await mapOf(web);
    expect(response.status).toBe(200);
    const map = (await response.json()) as SeenMap;
    const { tracks } = await get<Page>('/api/v1/tracks');
    expect(map.ids.toSorted((a, b) => a - b)).toEqual(tracks.map(({ id }) => id).toSorted((a, b) => a - b));
    expect(map.x.every((x) => x >= 0 && x <= 65_535)).toBe(true);
    expect(map.artists).toEqual(['Somebody']);
    expect(map.artist.filter((artist) => artist === 0).length).toBe(1);
    const headers = { 'if-none-match': response.headers.get('etag') ?? '', 'accept-encoding': 'identity' };
    expect((await web.call('/api/v1/map', { headers })).status).toBe(304);
    const plain = await web.call('/api/v1/map', { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBe(null);
    expect(await plain.json()).toEqual(map);
    // Several tracks at once, in the order of the request.
    const ids = map.ids.slice(0, 3).toReversed();
    const some = await get<Page>(`/api/v1/tracks?ids=${ids},999999`);
    expect(some.tracks.map(({ id }) => id)).toEqual(ids);
  });

  test('of a library that is not indexed says so', async () => {
    await using lonely = await makeWeb({ indexDir: `${library.indexDir}-mapless` });
    const response = await lonely.call('/api/v1/map');
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'index-empty' }]);
  });
});

describe('a track', () => {
  test('has neighbours, without itself', async () => {
    const { tracks } = await get<Page>('/api/v1/tracks?q=piece-2');
    const { id } = tracks[0] as SeenTrack;
    expect(await get<SeenTrack>(`/api/v1/tracks/${id}`)).toEqual(tracks[0]);
    const answer = await get<{ results: { key: string }[] }>(`/api/v1/tracks/${id}/similar?results=4`);
    expect(answer.results.length).toBe(4);
    expect(answer.results.map(({ key }) => key)).not.toContain('piece-2.ogg');
  });

  test('plays ten seconds, in ranges, and not beyond its end', async () => {
    const { tracks } = await get<Page>('/api/v1/tracks?q=piece-3');
    const address = `/api/v1/tracks/${tracks[0]?.id}/audio`;
    const clip = await web.call(`${address}?from=20`);
    expect([clip.status, clip.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
    const bytes = new Uint8Array(await clip.arrayBuffer());
    // Ten seconds at 128 kbit/s.
    expect(bytes.length).toBeGreaterThan(140_000);
    expect(bytes.length).toBeLessThan(180_000);
    const part = await web.call(`${address}?from=20`, { headers: { range: 'bytes=1000-1999' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1000-1999/${bytes.length}`]);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(1000, 2000));
    expect((await web.call(`${address}?from=20`, { headers: { range: 'bytes=9999999-' } })).status).toBe(416);
    expect((await web.call(`${address}?from=999`)).status).toBe(400);
    expect((await web.call('/api/v1/tracks/999999/audio')).status).toBe(404);
  });

  test('has a waveform, the same from memory', async () => {
    const { tracks } = await get<Page>('/api/v1/tracks?q=piece-5');
    const address = `/api/v1/tracks/${tracks[0]?.id}/waveform`;
    const first = await get<{ durationSec: number; peaks: number[] }>(address);
    expect(first.durationSec).toBe(47);
    expect(first.peaks.length).toBe(1_000);
    expect(Math.max(...first.peaks)).toBe(255);
    expect(Math.min(...first.peaks)).toBeLessThan(200);
    expect(await get(address)).toEqual(first);
    expect((await web.call('/api/v1/tracks/999999/waveform')).status).toBe(404);
  });

  test('plays whole only where that is allowed', async () => {
    const { tracks } = await get<Page>('/api/v1/tracks?q=piece-1');
    const address = `/api/v1/tracks/${tracks[0]?.id}/audio`;
    expect((await web.call(address)).headers.get('content-type')).toBe('audio/mpeg');
    await using whole = await makeWeb(library, { WEB_PLAY_LIBRARY: 'true' });
    const response = await whole.call(address);
    expect(response.headers.get('content-type')).toMatch(/ogg/);
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(0, 4)
        .toString(),
    ).toBe('OggS');
    const part = await whole.call(address, { headers: { range: 'bytes=0-3' } });
    expect([part.status, await part.text()]).toEqual([206, 'OggS']);
  });
});

describe('the state', () => {
  test('of the library, its failures and the models', async () => {
    const { generation } = await get<{ generation: { tracks: number } }>('/api/v1/library');
    expect(generation.tracks).toBe(6);
    expect(await get('/api/v1/library')).toMatchObject({ tracks: { indexed: 6 }, worker: 'ready', indexError: null });
    expect(await get('/api/v1/library/failures')).toEqual({ total: 0, failures: [] });
    expect(await get('/api/v1/models')).toMatchObject({ models: [{ name: 'builtin', selected: true }] });
  });

  test('of the server, for probes and Prometheus', async () => {
    expect(await get('/healthz')).toEqual({ status: 'ok' });
    expect(await get('/readyz')).toEqual({ status: 'ready', worker: 'ready', index: 'open' });
    const metrics = await (await web.call('/metrics')).text();
    expect(metrics).toMatch(/web_request_seconds_count\{method="GET",route="\/healthz",status="200"\} \d/);
    expect(metrics).toContain('web_queries{state="running"} 0');
  });

  test('is not ready, and queries fail as retryable, where worker and index are missing', async () => {
    const place = { indexDir: `${library.indexDir}-without` };
    // Nothing listens on this port.
    await using lonely = await makeWeb(place, { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9' });
    const ready = await lonely.call('/readyz');
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '5']);
    const models = await lonely.call('/api/v1/models');
    expect([models.status, await models.json()]).toMatchObject([503, { code: 'worker-unavailable', retryable: true }]);
    expect(models.headers.get('retry-after')).toBe('5');
  });
});

test('the same recording under other names is found: in another format, or with equal bytes', async () => {
  const { music, app } = library;
  writePiece(path.join(music, 'again.mp3'), 1, 47);
  copyFileSync(path.join(music, 'piece-2.ogg'), path.join(music, 'below', 'copy.ogg'));
  await app.indexing.index({ library: new FolderLibrary(music), signal: never });
  const { tracks } = await get<Page>('/api/v1/tracks');
  const duplicatesOf = async (key: string) => {
    const id = tracks.find((track) => track.key === key)?.id;
    return (await get<Pick<Page, 'tracks'>>(`/api/v1/tracks/${id}/duplicates`)).tracks.map((track) => track.key);
  };
  expect(await duplicatesOf('piece-1.ogg')).toEqual(['again.mp3']);
  expect(await duplicatesOf('again.mp3')).toEqual(['piece-1.ogg']);
  expect(await duplicatesOf('piece-2.ogg')).toEqual(['below/copy.ogg']);
  expect(await duplicatesOf('piece-3.ogg')).toEqual([]);
  const unknown = await web.call('/api/v1/tracks/999999/duplicates');
  expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'track-unknown' }]);
});
