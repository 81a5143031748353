import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { migrationSteps } from '../../src/catalog/schema-steps.ts';
import { openCatalog, tempFolder } from './helpers.ts';

const [ada, bob] = ['100000000000000001', '100000000000000002'];
const dayMs = 86_400_000;
const nothing = { votes: 0, shareVotes: 0, shares: 0, answers: 0, embeddings: 0, jobs: 0 };

/** Ada and Bob have data of every kind; both sent the recording `both`. Ada shared two results, and both voted on them. */
function fill(catalog: Catalog): void {
  const question = { options: '{}', spaceId: 'space-a', generation: 'g', source: '{}', answer: '{}' };
  for (const contentSha256 of ['ada-1', 'ada-2', 'bob-1', 'both'])
    catalog.embeddingCache.put({ contentSha256, spaceId: 'space-a', part: '0-' }, new Uint8Array([1]));
  for (const [id, contentSha256, askerId] of [
    ['A1', 'ada-1', ada],
    ['A2', 'ada-2', ada],
    ['A3', 'both', ada],
    ['B1', 'bob-1', bob],
    ['B2', 'both', bob],
  ] as const)
    catalog.answers.put({ id, contentSha256, askerId, ...question });
  const where = { spaceId: 'space-a', answerId: 'A1', rank: 1, generation: 'g' };
  for (const userId of [ada, bob])
    for (const trackId of [1, 2])
      catalog.feedback.put({ ...where, contentSha256: 'both', trackId, userId, vote: userId === ada ? 1 : -1 });
  for (const [id, userId] of [
    ['S1', ada],
    ['S2', ada],
    ['S3', bob],
  ] as const) {
    catalog.shares.claim({ id, answerId: 'A1', trackId: Number(id[1]), channelId: '5', userId });
    for (const voter of [ada, bob]) catalog.shares.vote(id, voter, 1);
  }
  const place = { mode: 'changed', guildId: '9', channelId: '5', locale: 'de' } as const;
  for (const requestedBy of [ada, bob, ada]) {
    const { reindex } = catalog.reindexes.ask({ ...place, requestedBy });
    if (requestedBy === bob) catalog.reindexes.cancel(reindex.id);
    else catalog.reindexes.finish(reindex.id, { state: 'failed', code: 'internal', message: 'x' });
  }
  catalog.schedule.set({ cron: '0 3 * * *', timeZone: 'UTC', setBy: ada, channelId: '5', locale: 'de' });
}

/** Every row of the tables, as text. */
function rowsOf({ path }: Catalog): string[] {
  using raw = new DatabaseSync(path, { readOnly: true });
  const tables = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.flatMap(({ name }) =>
    raw
      .prepare(`SELECT * FROM "${name}"`)
      .all()
      .map((row) => `${name} ${JSON.stringify(row)}`),
  );
}

test("counts one user's data", () => {
  const catalog = openCatalog();
  fill(catalog);
  expect(catalog.people.count(ada)).toEqual({ votes: 2, shareVotes: 3, shares: 2, answers: 3, embeddings: 2, jobs: 3 });
  expect(catalog.people.count(bob)).toEqual({ votes: 2, shareVotes: 3, shares: 1, answers: 2, embeddings: 1, jobs: 1 });
  expect(catalog.people.count('3')).toEqual(nothing);
});

test("deletes exactly one user's data, and a repeated call changes nothing", () => {
  const catalog = openCatalog();
  fill(catalog);
  const before = rowsOf(catalog);
  const { answerIds, ...erased } = catalog.people.erase(ada);
  expect(erased).toEqual({ votes: 2, shareVotes: 3, shares: 2, answers: 3, embeddings: 2, jobs: 3 });
  expect([...answerIds].sort()).toEqual(['A1', 'A2', 'A3']);
  const after = rowsOf(catalog);
  expect(after.filter((row) => row.includes(ada))).toEqual([]);
  // What is gone belonged to Ada; her shares, jobs and the schedule stay without her id.
  const theirs = (row: string) => row.includes(ada) || /^heard .*"ada-/.test(row);
  expect(after.filter((row) => before.includes(row))).toEqual(before.filter((row) => !theirs(row)));
  const changed = after.filter((row) => !before.includes(row));
  const withoutId = before.filter((row) => /^(shares|reindexes|schedule) /.test(row) && row.includes(ada));
  expect(changed.sort()).toEqual(
    withoutId.map((row) => row.replace(`"asked_by":"${ada}"`, '"asked_by":null').replace(ada, '')).sort(),
  );
  // The recording that both sent is Bob's alone now.
  expect(catalog.people.count(bob)).toEqual({ votes: 2, shareVotes: 3, shares: 1, answers: 2, embeddings: 2, jobs: 1 });

  const again = catalog.people.erase(ada);
  expect(again).toEqual({ ...nothing, answerIds: [] });
  expect(rowsOf(catalog)).toEqual(after);
});

test('refuses an invalid user id, so that no anonymous row is deleted', () => {
  const catalog = openCatalog();
  fill(catalog);
  catalog.people.erase(ada);
  const before = rowsOf(catalog);
  for (const id of ['', 'anonymous-1', '%']) expect(() => catalog.people.erase(id)).toThrow(RangeError);
  expect(rowsOf(catalog)).toEqual(before);
});

test('reports what it deleted while another connection reads', () => {
  const catalog = openCatalog(undefined, { busyTimeoutMs: 10 });
  fill(catalog);
  using reader = new DatabaseSync(catalog.path, { readOnly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM answers').get();
  expect(catalog.people.erase(ada)).toMatchObject({ votes: 2, answers: 3 });
  expect(catalog.people.count(ada)).toEqual(nothing);
});

test('finds the rows of one user by an index', () => {
  const catalog = openCatalog();
  using raw = new DatabaseSync(catalog.path);
  const planOf = (sql: string) => JSON.stringify(raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
  expect(planOf("SELECT id FROM answers WHERE asker_id = '1'")).toContain('answers_by_asker');
  expect(planOf("DELETE FROM feedback WHERE user_id = '1'")).toContain('feedback_by_user');
});

test('overwrites the deleted bytes in the file', () => {
  const catalog = openCatalog();
  fill(catalog);
  catalog.people.erase(ada);
  using raw = new DatabaseSync(catalog.path);
  const pages = raw.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  expect(pages?.busy).toBe(0);
  using bytes = new DatabaseSync(':memory:');
  bytes.exec('CREATE TABLE file (content BLOB)');
  bytes.prepare('INSERT INTO file VALUES (?)').run(readFileSync(catalog.path));
  const found = (text: string) => bytes.prepare('SELECT instr(content, ?) AS at FROM file').get(Buffer.from(text))?.at;
  expect(found(bob)).toBeGreaterThan(0);
  expect(found(ada)).toBe(0);
});

test('removes user ids from old votes, shares and ended jobs, and keeps what they count', () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const catalog = openCatalog(undefined, { now: () => nowMs });
  fill(catalog);
  const open = catalog.reindexes.ask({
    mode: 'changed',
    requestedBy: ada,
    guildId: null,
    channelId: null,
    locale: 'de',
  });
  nowMs += 10 * dayMs;
  catalog.shares.vote('S1', bob, -1);
  expect(catalog.people.expireIds(nowMs - 11 * dayMs)).toBe(0);
  const rows = rowsOf(catalog).length;
  expect(catalog.people.expireIds(nowMs - 9 * dayMs)).toBe(4 + 5 + 3 + 3);
  expect(rowsOf(catalog)).toHaveLength(rows);
  expect(catalog.people.count(ada)).toMatchObject({ votes: 0, shareVotes: 0, shares: 0, answers: 3, jobs: 2 });
  expect(catalog.reindexes.get(open.reindex.id)?.requestedBy).toBe(ada);
  // The vote of today keeps its user, who can change it; the others count on.
  expect(catalog.people.count(bob)).toMatchObject({ votes: 0, shareVotes: 1 });
  expect(catalog.shares.vote('S1', bob, 1)).toEqual({ up: 2, down: 0 });
  expect(catalog.people.expireIds(nowMs - 9 * dayMs)).toBe(0);
});

test('an id with a time in the future expires from now on', () => {
  let nowMs = Date.UTC(2026, 5, 1);
  const catalog = openCatalog(undefined, { now: () => nowMs });
  fill(catalog);
  nowMs -= 100 * dayMs;
  expect(catalog.people.expireIds(nowMs - 10 * dayMs)).toBe(0);
  nowMs += 11 * dayMs;
  expect(catalog.people.expireIds(nowMs - 10 * dayMs)).toBe(4 + 6 + 3);
});

test('votes of a catalog of schema 5 expire by the time of their shared result', () => {
  const folder = tempFolder();
  const file = path.join(folder, 'catalog.sqlite');
  using older = new DatabaseSync(file);
  for (const step of migrationSteps.slice(0, 5)) older.exec(step);
  older.exec(`INSERT INTO shares VALUES ('S1', 'A1', 1, '5', NULL, '${ada}', 1000), ('S2', 'A1', 2, '5', NULL, '${ada}', 3000);
    INSERT INTO share_votes VALUES ('S1', '${bob}', 1), ('S2', '${bob}', 1); PRAGMA user_version = 5`);
  older.close();
  const catalog = openCatalog(folder);
  expect(catalog.people.count(bob)).toEqual({ ...nothing, shareVotes: 2 });
  expect(catalog.people.expireIds(2000)).toBe(2);
  expect(catalog.people.count(bob)).toEqual({ ...nothing, shareVotes: 1 });
});
