/** Fifty clients with two hundred queries at once against one web server: none is lost, none is doubled, and a full queue says when
 *  to come back. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { makeLibrary } from '../support/library.ts';
import { addKey, ended, formOf, makeWeb, type SeenQuery } from '../web/running-web.ts';

const clientsCount = 50;
const queriesEach = 4;

interface Asked {
  readonly piece: number;
  readonly toSec: number;
  readonly results: number;
}

/** Each differs in what it asks; several share a recording and its part, as askers do. */
function askedBy(client: number, query: number): Asked {
  const n = client * queriesEach + query;
  return { piece: 1 + (n % 5), toSec: 20 + (Math.floor(n / 5) % 4), results: 1 + (Math.floor(n / 20) % 10) };
}

test('none of 200 queries of 50 clients is lost or doubled', { timeout: 1_500_000 }, async () => {
  await using library = await makeLibrary();
  const pieces = [1, 2, 3, 4, 5].map((n) => new Uint8Array(readFileSync(path.join(library.music, `piece-${n}.ogg`))));
  const keys: string[] = [];
  for (let n = 0; n < clientsCount; n++) keys.push(await addKey(library, `client ${n}`, 'query'));
  const admin = await addKey(library, 'admin', 'admin');
  await using web = await makeWeb(library, { QUERIES_WAITING_MAX: '40' });

  let refusals = 0;
  const ids: string[] = [];
  /** Comes back when the server says so, as a client should. */
  async function ask(key: string, { piece, toSec, results }: Asked): Promise<SeenQuery> {
    const fields = { to: String(toSec), results: String(results), sameArtist: 'true' };
    for (;;) {
      const body = formOf(pieces[piece - 1] ?? new Uint8Array(), `piece-${piece}.ogg`, fields);
      const response = await web.call('/api/v1/queries', { method: 'POST', body, key });
      const query = (await response.json()) as SeenQuery & { readonly code?: string };
      if (response.status === 202) {
        ids.push(query.id);
        return ended(web, query.self, key);
      }
      expect([response.status, query.code]).toEqual([
        429,
        expect.stringMatching(/^(queue-full|busy-bot|busy-person)$/),
      ]);
      const afterSec = Number(response.headers.get('retry-after'));
      expect(afterSec).toBeGreaterThan(0);
      refusals += 1;
      await delay(1_000 * afterSec);
    }
  }
  const startedMs = performance.now();
  const all = await Promise.all(
    keys.flatMap((key, client) =>
      Array.from({ length: queriesEach }, async (_, query) => {
        const asked = askedBy(client, query);
        return { asked, seen: await ask(key, asked) };
      }),
    ),
  );
  process.stdout.write(
    `${all.length} queries in ${Math.round((performance.now() - startedMs) / 1000)} s, ${refusals} refusals\n`,
  );
  expect(all.length).toBe(clientsCount * queriesEach);
  expect(new Set(ids).size).toBe(all.length);
  expect(refusals).toBeGreaterThan(0);
  const keysOf = ({ answer }: SeenQuery): string[] => answer.results.map(({ key }: { key: string }) => key);
  /** The longest answer to the same part of the same recording. */
  const wholeOf = ({ piece, toSec }: Asked): string[] =>
    all
      .filter(({ asked }) => asked.piece === piece && asked.toSec === toSec)
      .map(({ seen }) => keysOf(seen))
      .reduce((longest, each) => (each.length > longest.length ? each : longest), []);
  for (const { asked, seen } of all) {
    expect(seen).toMatchObject({ state: 'done', error: null });
    // Everybody gets the answer to their own question.
    expect(seen.answer.verdict).toMatchObject({ kind: 'this-is', key: `piece-${asked.piece}.ogg` });
    expect(seen.answer.query.toSec).toBe(asked.toSec);
    const whole = wholeOf(asked);
    expect(whole.length).toBeGreaterThan(2);
    expect(keysOf(seen)).toEqual(whole.slice(0, asked.results));
  }
  // An answer is there before the extracts of its query are stored, with which the query ends.
  await vi.waitFor(async () => {
    const metrics = await (await web.call('/metrics', { key: admin })).text();
    expect(metrics).toContain(`web_query_outcomes_total{outcome="done"} ${all.length}\n`);
    expect(metrics).toContain('web_queries{state="running"} 0\nweb_queries{state="waiting"} 0\n');
  }, 60_000);
});
