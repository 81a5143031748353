/** What the index promises about crashes: whatever is killed, whenever, the next runs end with the same library that an
 *  undisturbed run makes. Real processes, real sound, real SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { currentManifest } from '../../src/search/generation.ts';
import { IndexHost } from '../../src/search/index-host.ts';
import { descendantsOf, eventually, lives } from '../embedding-worker/processes.ts';
import { rowsByKey } from './helpers.ts';

const entry = path.join(import.meta.dirname, 'chaos-entry.ts');
const kills = 30;
const seed = 20;

let music: string;
let workplace: string;

beforeAll(() => {
  workplace = mkdtempSync(path.join(tmpdir(), 'leitmotif-chaos-'));
  music = mkdtempSync(path.join(tmpdir(), 'leitmotif-chaos-'));
  for (let at = 0; at < 6; at++) writeFileSync(path.join(music, `track ${at}.wav`), wavOf(at));
  writeFileSync(path.join(music, 'not music.mp3'), 'This is a text, whatever it calls itself.');
});

afterAll(() => {
  for (const folder of [workplace, music]) rmSync(folder, { recursive: true, force: true });
});

test('ends with the library of an undisturbed run, whatever was killed 30 times at random moments', async () => {
  const reference = newIndex();
  const undisturbed = run(reference);
  const steps = await undisturbed.steps;
  expect(await undisturbed.exitCode).toBe(0);
  const expected = await contentOf(reference);
  expect(Object.keys(expected.rows)).toHaveLength(6);
  expect(expected.failures).toEqual(['not music.mp3 audio-unreadable']);

  const random = randomOf(seed);
  let index = newIndex();
  let finished = 0;
  for (let killed = 0; killed < kills; ) {
    const attempt = run(index);
    const moment = momentOf(random, steps.length);
    killed += await killAt(attempt, moment, random);
    const exitCode = await attempt.exitCode;
    expect([0, 3, null]).toContain(exitCode);
    await everybodyIsGone(attempt);
    if (exitCode !== 0) continue;
    finished += 1;
    // A try that was cut down with its decoder may be left to the next run.
    if (failuresOf(index).length > expected.failures.length) expect(await run(index).exitCode).toBe(0);
    await assertEqual(index, expected);
    index = newIndex();
  }
  const last = run(index);
  expect(await last.exitCode).toBe(0);
  await assertEqual(index, expected);
  expect(finished).toBeGreaterThan(0);
}, 900_000);

test('answers as before when the index process is killed while it is asked', async () => {
  const index = newIndex();
  expect(await run(index).exitCode).toBe(0);
  const { catalogId, spaceId, vectors } = await contentOf(index);
  const host = new IndexHost({ indexDir: index, spaceId, catalogId });
  const ask = () => host.neighbours(vectors, 3, AbortSignal.timeout(30_000));
  const expected = (await ask()).perQuery;
  for (let round = 0; round < 2; round++) {
    const asked = ask();
    for (const { pid } of descendantsOf(process.pid).filter(isIndexProcess)) killProcess(pid);
    expect((await asked).perQuery).toEqual(expected);
  }
  await host.close();
});

/** A resumed run has fewer steps the further it was before: half of the kills come within the first few. */
function momentOf(random: () => number, steps: number): number {
  return Math.floor(random() * (random() < 0.5 ? 4 : steps));
}

interface Attempt {
  readonly child: ChildProcess;
  /** One line a step. */
  readonly lines: AsyncIterable<string>;
  readonly steps: Promise<string[]>;
  /** null when a signal ended it. */
  readonly exitCode: Promise<number | null>;
  /** Everybody that it was seen to have started. */
  readonly seen: Set<number>;
}

function run(indexDir: string): Attempt {
  const child = spawn(process.execPath, [entry, music, indexDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exitCode = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const told: string[] = [];
  const readers = new Set<() => void>();
  let ended = false;
  const wake = () => {
    for (const reader of readers) reader();
    readers.clear();
  };
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    told.push(line);
    wake();
  });
  const closed = new Promise<void>((resolve) => reader.once('close', resolve)).then(() => {
    ended = true;
    wake();
  });
  async function* lines() {
    for (let at = 0; ; ) {
      const line = told[at];
      if (line !== undefined) {
        at += 1;
        yield line;
      } else if (ended) return;
      else await new Promise<void>((resolve) => readers.add(resolve));
    }
  }
  return { child, lines: lines(), steps: closed.then(() => told), exitCode, seen: new Set() };
}

/** Kills the indexer, or something that it started, a random while after its `step`-th step.
 *  @returns 1 if there was still somebody to kill */
async function killAt(attempt: Attempt, step: number, random: () => number): Promise<0 | 1> {
  const waitMs = random() * 60;
  const choice = random();
  let at = 0;
  for await (const _ of attempt.lines) if (at++ >= step) break;
  await delay(waitMs);
  const { pid, exitCode } = attempt.child;
  if (pid === undefined || exitCode !== null) return 0;
  const started = descendantsOf(pid);
  for (const each of started) attempt.seen.add(each.pid);
  const victims = started.filter(({ command }) => !command.includes('ffmpeg'));
  const victim = choice < 0.6 ? undefined : victims[Math.floor(((choice - 0.6) / 0.4) * victims.length)];
  return killProcess(victim?.pid ?? pid) ? 1 : 0;
}

function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** Nothing that a killed indexer had started may live on. */
async function everybodyIsGone({ seen }: Attempt): Promise<void> {
  await eventually(() => [...seen].every((pid) => !lives(pid)));
}

function isIndexProcess({ command }: { command: string }): boolean {
  return command.includes('faiss');
}

interface Content {
  readonly catalogId: string;
  readonly spaceId: string;
  readonly rows: Record<string, string[]>;
  readonly details: readonly unknown[];
  readonly failures: readonly string[];
  readonly vectors: readonly Float32Array[];
}

function failuresOf(indexDir: string): string[] {
  using catalog = new Catalog(path.join(indexDir, 'catalog.sqlite'));
  return catalog.tracks.failures().map(({ key, code }) => `${key} ${code}`);
}

/** All that the catalog holds, by key, with the assurance that the generation holds the same. */
async function contentOf(indexDir: string): Promise<Content> {
  using catalog = new Catalog(path.join(indexDir, 'catalog.sqlite'));
  const spaces = catalog.spaces.list();
  expect(spaces).toHaveLength(1);
  const spaceId = spaces[0]?.spaceId ?? '';
  using snapshot = catalog.snapshot(spaceId);
  const musicRows = [...snapshot.rows()];
  const manifest = await currentManifest({ indexDir, spaceId, catalogId: catalog.id });
  expect(spaces[0]?.built).toEqual({ generationId: manifest.id, content: snapshot.content });
  expect(manifest.rowCount).toBe(musicRows.length);
  expect(catalog.jobs.last('index')?.state).toBe('done');
  const known = [...catalog.tracks.known(spaceId).values()];
  return {
    catalogId: catalog.id,
    spaceId,
    rows: rowsByKey(catalog, spaceId),
    details: known.map(({ id, key, status, contentSha256, embedded, failure }) => ({
      ...{ key, status, contentSha256, embedded, failure },
      track: { ...catalog.tracks.byKey(key), id: 0 },
      fingerprint: catalog.evidence.fingerprintOf(id),
      loudnessDb: catalog.evidence.loudnessAt(spaceId, id, 10),
    })),
    failures: failuresOf(indexDir),
    vectors: musicRows.map(({ vector }) => vector).slice(0, 20),
  };
}

async function assertEqual(indexDir: string, expected: Content): Promise<void> {
  const { spaceId, failures, rows, details } = await contentOf(indexDir);
  expect(spaceId).toBe(expected.spaceId);
  expect(failures).toEqual(expected.failures);
  expect(rows).toEqual(expected.rows);
  expect(details).toEqual(expected.details);
  const left = readdirSync(indexDir, { recursive: true }).map(String);
  expect(left.filter((name) => name.includes('.partial'))).toEqual([]);
}

function newIndex(): string {
  return mkdtempSync(path.join(workplace, 'index-'));
}

/** A chord that is another for each number, a few windows long, as 16-bit mono at 16 kHz. */
function wavOf(number: number): Buffer {
  const rate = 16_000;
  const count = rate * (11 + 3 * number);
  const wav = Buffer.alloc(44 + 2 * count);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * count, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of [16, 0x0001_0001, rate, 2 * rate, 0x0010_0002].entries())
    wav.writeUInt32LE(value, 16 + 4 * at);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * count, 40);
  for (let at = 0; at < count; at++) {
    const sec = at / rate;
    const tone = (ratio: number) => Math.sin(2 * Math.PI * 110 * 1.1 ** number * ratio * sec);
    const beat = 0.6 + 0.4 * Math.sin(2 * Math.PI * (1 + number / 3) * sec);
    wav.writeInt16LE(
      Math.round(7000 * beat * (tone(1) + tone(5 / 4) + tone(3 / 2) + tone(Math.ceil(sec / 4)) / 3)),
      44 + 2 * at,
    );
  }
  return wav;
}

/** mulberry32: a small generator of numbers in [0, 1), the same for the same seed. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
