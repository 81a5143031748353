/** Answers under an address that their owner made: seen by anybody who has it, and by nobody without. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLibrary, type TestLibrary } from '../support/library.ts';
import { addKey, ended, formOf, makeWeb, type SeenQuery, type TestWeb } from './running-web.ts';

let library: TestLibrary;
let web: TestWeb;
let key: string;
let done: SeenQuery;
let link: { page: string; answer: string };

beforeAll(async () => {
  library = await makeLibrary();
  key = await addKey(library, 'owner', 'query');
  // As built: the head is what matters here.
  const folder = path.join(library.folder, 'page');
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'index.html'),
    '<!doctype html><html><head><title>L</title></head><body></body></html>',
  );
  web = await makeWeb(library, {}, { page: async () => folder });
  const bytes = new Uint8Array(readFileSync(path.join(library.music, 'piece-1.ogg')));
  const body = formOf(bytes, "<b>it's & $& more<b>.ogg");
  const query = (await (await web.call('/api/v1/queries', { method: 'POST', body, key })).json()) as SeenQuery;
  done = await ended(web, query.self, key);
  link = (await (await web.call(`${done.permanent}/link`, { method: 'POST', key })).json()) as typeof link;
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

describe('the address of a shared answer', () => {
  test('shows the answer, its picture and both sides of its moments without a key', async () => {
    const seen = (await (await web.call(link.answer)).json()) as { answer: typeof done.answer; picture: string };
    const withoutClips = ({ results, ...rest }: typeof done.answer) => ({
      ...rest,
      results: results.map(({ clip, ab, ...result }: { clip: string; ab: string }) => result),
    });
    expect(withoutClips(seen.answer)).toEqual(withoutClips(done.answer));
    expect((await web.call(seen.picture)).headers.get('content-type')).toBe('image/png');
    for (const kind of ['theirs', 'yours', 'both']) {
      const clip = await web.call(`${link.answer}/results/1/clips/${kind}.mp3`);
      expect([clip.status, clip.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
    }
    expect((await web.call(seen.answer.results[0].clip)).status).toBe(200);
    // Nothing else is opened by it.
    expect((await web.call(done.permanent ?? '')).status).toBe(401);
    expect((await web.call('/api/v1/tracks')).status).toBe(401);
  });

  test('unfurls with title, description and picture, escaped; the address of the answer itself does not', async () => {
    const html = await (await web.call(link.page)).text();
    const content = (name: string) => new RegExp(`<meta property="${name}" content="([^"]*)"`).exec(html)?.[1];
    expect(content('og:title')).toMatch(/^This is piece-1, from 0:00/);
    expect(content('og:description')).toContain('&#60;b&#62;it&#39;s &#38; $&#38; more');
    expect(html).not.toContain('<b>');
    const image = new URL(content('og:image') ?? '');
    expect(image.origin).toBe(new URL(web.url).origin);
    expect((await web.call(image.pathname)).status).toBe(200);
    const own = await (await web.call(`/answers/${done.permanent?.split('/').at(-1)}`)).text();
    expect(own).not.toContain('og:');
  });

  test('is the same each time, made for the owner only, and cannot be guessed from the id of the answer', async () => {
    const again = await web.call(`${done.permanent}/link`, { method: 'POST', key });
    expect(await again.json()).toEqual(link);
    const other = await addKey(library, 'other', 'admin');
    expect((await web.call(`${done.permanent}/link`, { method: 'POST', key: other })).status).toBe(404);
    const id = done.permanent?.split('/').at(-1) ?? '';
    for (const token of [
      id,
      `${id}-`,
      `${id}-${'A'.repeat(43)}`,
      `${link.page.slice('/shared/'.length)}x`,
      'x'.repeat(99),
    ]) {
      expect((await web.call(`/api/v1/shared/${token}`)).status, token).toBe(404);
      expect(await (await web.call(`/shared/${token}`)).text()).not.toContain('og:');
    }
    expect(readFileSync(path.join(library.indexDir, 'web-links.secret'), 'utf8')).toHaveLength(43);
  });

  test('ends with the answer, when its owner deletes it', async () => {
    expect((await web.call('/api/v1/me/data', { method: 'DELETE', key })).status).toBe(200);
    expect((await web.call(link.answer)).status).toBe(410);
    expect(await (await web.call(link.page)).text()).not.toContain('og:');
  });
});
