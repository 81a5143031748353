import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deleteExpired, Housekeeping } from '../../src/answering/housekeeping.ts';
import { type App, buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { projectRoot } from '../support/library.ts';

let indexDir: string;
let app: App;

beforeEach(async () => {
  indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-kept-'));
  const config = readConfig({ INDEX_DIR: indexDir, LOG_LEVEL: 'silent' }, projectRoot);
  app = await buildApp(config, { root: projectRoot, environment: process.env, log: pino({ level: 'silent' }) });
});

afterEach(async () => {
  await app.close();
  rmSync(indexDir, { recursive: true, force: true });
});

function putAnswer(id: string): void {
  const key = { contentSha256: 'a', options: '{}', spaceId: 's', generation: 'g' };
  app.catalog.answers.put({ id, ...key, source: '{}', answer: '{}', askerId: '1' });
}

/** Clips with this age. */
function putClips(id: string, agoMs: number): string {
  const dir = app.queries.answerFiles.dirOf(id);
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, 'query-0-10000.mp3'), 'sound');
  const at = (Date.now() - agoMs) / 1000;
  utimesSync(dir, at, at);
  return dir;
}

const dayMs = 86_400_000;

test('deletes clips whose answer is no longer stored, and keeps those of stored answers', async () => {
  putAnswer('kept');
  const kept = putClips('kept', 20 * dayMs);
  const left = putClips('left-by-a-crash', dayMs);
  await deleteExpired(app, Date.now());
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(kept)).toHaveLength(1);
});

test('keeps new clips, whose answer may be stored soon', async () => {
  const cutting = putClips('answer-just-gone', 1_000);
  await deleteExpired(app, Date.now());
  expect(existsSync(cutting)).toBe(true);
  await deleteExpired(app, Date.now() + 3_600_000);
  expect(existsSync(cutting)).toBe(false);
});

test('deletes an expired answer with its clips', async () => {
  putAnswer('old');
  const clips = putClips('old', 0);
  await deleteExpired(app, Date.now() + 31 * dayMs);
  expect(app.catalog.answers.has('old')).toBe(false);
  expect(existsSync(clips)).toBe(false);
});

test('does nothing when there are no answers', async () => {
  await expect(deleteExpired(app, Date.now())).resolves.toBeUndefined();
});

test('makes a backup by TIDY_CRON, deletes expired data, and logs what it freed', async () => {
  const config = { ...app.config, maintenance: { ...app.config.maintenance, tidyCron: '17 4 * * *', backupsKept: 1 } };
  const backup = await app.maintenance.backUp({ signal: new AbortController().signal });
  putAnswer('old');
  putClips('old', 40 * dayMs);
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const saying = (msg: string) => lines.find((line) => line.msg === msg);
  // Time runs normally, from one second before the due time.
  vi.useFakeTimers({ now: new Date(2097, 1, 3, 4, 16, 59), shouldAdvanceTime: true });
  const configured = new Proxy(app, {
    get: (target, name) => (name === 'config' ? config : bound(target, Reflect.get(target, name))),
  });
  const housekeeping = new Housekeeping({ services: configured, log, makesBackups: true });
  try {
    await vi.waitFor(() => expect(saying('the catalog was backed up')).toBeDefined(), 5_000);
    expect(saying('tidied')).toMatchObject({ answers: 1, clips: 1, bytes: 5 });
    expect(saying('the catalog was backed up')).toMatchObject({ removed: 1 });
    expect(existsSync(backup.location.slice('file:'.length))).toBe(false);
  } finally {
    housekeeping.close();
    vi.useRealTimers();
  }
});

function bound(target: object, value: unknown): unknown {
  return typeof value === 'function' ? value.bind(target) : value;
}
