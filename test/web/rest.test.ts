/** OpenSubsonic's API under /rest: what players need to accept the server, and the extension `sonicSimilarity`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLibrary, type TestLibrary } from '../support/library.ts';
import { addKey, makeWeb, type TestWeb } from './running-web.ts';

interface Match {
  readonly entry: { readonly id: string; readonly title: string; readonly path: string };
  readonly similarity: number;
}
interface Envelope {
  readonly status: string;
  readonly version: string;
  readonly openSubsonic: boolean;
  readonly error?: { readonly code: number; readonly message: string };
  readonly openSubsonicExtensions?: { readonly name: string; readonly versions: number[] }[];
  readonly license?: { readonly valid: boolean };
  readonly song?: Match['entry'] & { readonly artist?: string; readonly duration: number; readonly isDir: boolean };
  readonly sonicMatch?: Match[];
  readonly tokenInfo?: { readonly username: string };
}

let library: TestLibrary;
let web: TestWeb;
let apiKey: string;
const idOf = (key: string) => String(library.app.catalog.tracks.byKey(key)?.id);

beforeAll(async () => {
  library = await makeLibrary();
  apiKey = await addKey(library, 'player', 'query');
  web = await makeWeb(library);
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

async function rest(method: string, parameters: Record<string, string> = {}): Promise<Envelope> {
  const query = new URLSearchParams({ v: '1.16.1', c: 'test', f: 'json', apiKey, ...parameters });
  const response = await web.call(`/rest/${method}?${query}`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return ((await response.json()) as { 'subsonic-response': Envelope })['subsonic-response'];
}

describe('a player', () => {
  test('finds the extensions without a key, and is let in with one', async () => {
    const open = await web.call('/rest/getOpenSubsonicExtensions.view?f=json');
    const { 'subsonic-response': found } = (await open.json()) as { 'subsonic-response': Envelope };
    expect(found).toMatchObject({ status: 'ok', version: '1.16.1', openSubsonic: true, type: 'leitmotif' });
    expect(found.openSubsonicExtensions?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['apiKeyAuthentication', 'formPost', 'sonicSimilarity']),
    );
    expect(await rest('ping.view')).toMatchObject({ status: 'ok' });
    expect(await rest('getLicense')).toMatchObject({ license: { valid: true } });
    expect(await rest('tokenInfo')).toMatchObject({ tokenInfo: { username: 'player' } });
  });

  test.each([
    ['no key', { apiKey: undefined }, 42],
    ['a password', { apiKey: undefined, u: 'ada', p: 'secret' }, 42],
    ['a salted token', { apiKey: undefined, u: 'ada', t: '26719a1196d2a940705a59634eb18eab', s: 'c19b2d' }, 42],
    ['a wrong key', { apiKey: 'lm_wrong' }, 44],
    ['a key and a user name', { u: 'ada' }, 43],
  ])('with %s is refused', async (_what, changes, code) => {
    const parameters = Object.entries({ f: 'json', apiKey, ...changes }).filter(([, value]) => value !== undefined);
    const response = await web.call(`/rest/ping?${new URLSearchParams(parameters as [string, string][])}`);
    const { 'subsonic-response': refused } = (await response.json()) as { 'subsonic-response': Envelope };
    expect([response.status, refused.status, refused.error?.code]).toEqual([200, 'failed', code]);
  });

  test('reads a song, in JSON, in XML, and by a posted form', async () => {
    const id = idOf('below/piece-6.mp3');
    const { song } = await rest('getSong', { id });
    expect(song).toMatchObject({ id, title: 'A Titled Piece', artist: 'Somebody', duration: 47, isDir: false });
    const body = new URLSearchParams({ apiKey, id });
    const posted = await web.call('/rest/getSong.view', { method: 'POST', body });
    expect(posted.headers.get('content-type')).toBe('text/xml; charset=utf-8');
    const xml = await posted.text();
    expect(xml).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<subsonic-response xmlns="http:\/\/subsonic.org\/restapi" status="ok"/,
    );
    expect(xml).toContain('title="A Titled Piece"');
    const all = await (
      await web.call(`/rest/getSonicSimilarTracks?${new URLSearchParams({ apiKey, id, count: '2' })}`)
    ).text();
    expect(all.match(/<sonicMatch similarity="[\d.]+"><entry [^>]*\/><\/sonicMatch>/g)).toHaveLength(2);
  });

  test.each([
    ['getSong', {}, 10],
    ['getSong', { id: '999999' }, 70],
    ['getSong', { id: '1 OR 1=1' }, 70],
    ['getSonicSimilarTracks', { id: 'x' }, 70],
    ['getSonicSimilarTracks', { id: '1', count: '-1' }, 0],
    ['findSonicPath', { startSongId: '1' }, 10],
    ['startScan', {}, 70],
    ['constructor', {}, 70],
  ])('gets the error of %s with %j', async (method, parameters, code) => {
    const { status, error } = await rest(method, parameters);
    expect([status, error?.code]).toEqual(['failed', code]);
  });
});

describe('sonicSimilarity', () => {
  test('gives the tracks that the API gives, with their match', async () => {
    const id = idOf('piece-2.ogg');
    const { sonicMatch = [] } = await rest('getSonicSimilarTracks', { id, count: '4' });
    expect(sonicMatch).toHaveLength(4);
    for (const { similarity } of sonicMatch) {
      expect(similarity).toBeGreaterThanOrEqual(0);
      expect(similarity).toBeLessThanOrEqual(1);
    }
    const similar = await web.call(`/api/v1/tracks/${id}/similar?results=4&sameArtist=true`, { key: apiKey });
    const { results } = (await similar.json()) as { results: { key: string; match: number }[] };
    expect(sonicMatch.map(({ entry }) => entry.path)).toEqual(results.map(({ key }) => key));
    expect(sonicMatch.map(({ similarity }) => similarity)).toEqual(results.map(({ match }) => match));
  });

  test('finds a way from one track to another, which begins and ends with them', async () => {
    const [startSongId, endSongId] = [idOf('piece-1.ogg'), idOf('piece-4.ogg')];
    const { sonicMatch = [] } = await rest('findSonicPath', { startSongId, endSongId, count: '5' });
    const ids = sonicMatch.map(({ entry }) => entry.id);
    expect([ids[0], ids.at(-1)]).toEqual([startSongId, endSongId]);
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.length).toBeLessThanOrEqual(5);
    expect(new Set(ids).size).toBe(ids.length);
    const two = await rest('findSonicPath', { startSongId, endSongId, count: '1' });
    expect(two.sonicMatch?.map(({ entry }) => entry.id)).toEqual([startSongId, endSongId]);
    const same = await rest('findSonicPath', { startSongId, endSongId: startSongId });
    expect(same.sonicMatch).toHaveLength(1);
  });
});

test('a server that is open to this machine lets players with any user name in', async () => {
  await using open = await makeWeb({ indexDir: `${library.folder}/open` });
  const response = await open.call('/rest/ping?u=ada&p=any&f=json');
  expect(await response.json()).toMatchObject({ 'subsonic-response': { status: 'ok' } });
});
