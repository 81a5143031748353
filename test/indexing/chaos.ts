/** Crash safety of the index: whatever is killed, at any time, the next runs end with the same library as an
 *  undisturbed run. Real processes, real sound, real SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { currentManifest } from '../../src/index/generation.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import { descendantsOf, eventually, lives } from '../embedding-worker/processes.ts';
import { rowsByKey } from './helpers.ts';

const entry = path.join(import.meta.dirname, 'chaos-entry.ts');
/** A kind of victim: the processes of a running index run to choose from. */
export interface Victim {
  readonly name: string;
  /** Relative frequency. */
  readonly weight: number;
  readonly pids: (attempt: Attempt) => number[];
  /** Runs after the kill, for processes that do not restart by themselves. */
  readonly revive?: () => Promise<void>;
}

const startedBy = (attempt: Attempt, part: string) =>
  descendantsOf(attempt.child.pid ?? -1).filter(({ command }) => command.includes(part));
const pidsOf = (entries: readonly { readonly pid: number }[]) => entries.map(({ pid }) => pid);

export const indexer: Victim = { name: 'indexer', weight: 4, pids: ({ child }) => [child.pid ?? -1] };
export const worker: Victim = {
  ...{ name: 'worker', weight: 2 },
  pids: (attempt) => pidsOf(startedBy(attempt, 'embedding-worker/main')),
};
export const inference: Victim = {
  ...{ name: 'inference process', weight: 1 },
  pids: (attempt) => pidsOf(startedBy(attempt, 'inference-child')),
};
export const decoder: Victim = { name: 'ffmpeg', weight: 1, pids: (attempt) => pidsOf(startedBy(attempt, 'ffmpeg')) };
/** The index processes of this process, which answer queries while another process indexes. */
export const indexProcess: Victim = {
  ...{ name: 'index process', weight: 2 },
  pids: (attempt) => {
    const itsOwn = new Set(pidsOf(startedBy(attempt, '')));
    return pidsOf(descendantsOf(process.pid).filter((each) => isIndexProcess(each) && !itsOwn.has(each.pid)));
  },
};

export interface ChaosOptions {
  /** A folder, or a location as in LIBRARY. */
  readonly music: string;
  /** Variables of the runs in addition to this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The folder of the indexes. */
  readonly workplace: string;
  readonly kills: number;
  readonly seed: number;
  readonly victims: readonly Victim[];
  /** Queries the index all the time, once it exists; no query may fail. */
  readonly asks: boolean;
}

type ChaosLibrary = Pick<ChaosOptions, 'music' | 'environment'>;

/** Kills at random moments of index runs up to the given count, and compares each completed library
 *  with that of an undisturbed run.
 *  @returns the number of kills of each victim, and the number of completed libraries */
export async function killAtRandomMoments(options: ChaosOptions) {
  const { workplace, kills, seed, victims, asks } = options;
  const newIndex = () => mkdtempSync(path.join(workplace, 'index-'));
  const reference = newIndex();
  const undisturbed = run(options, reference);
  const steps = await undisturbed.steps;
  expect(await undisturbed.exitCode).toBe(0);
  const expected = await contentOf(reference);

  const random = randomOf(seed);
  const killed: Record<string, number> = {};
  let finished = 0;
  let index = newIndex();
  for (let count = 0; count < kills; ) {
    const attempt = run(options, index);
    await using asker = asks ? await Asker.of(index, expected.vectors) : null;
    const victim = chooseVictim(victims, random);
    const isKilled = await killAt(attempt, momentOf(random, steps.length), victim, random);
    if (isKilled) killed[victim.name] = (killed[victim.name] ?? 0) + 1;
    count += isKilled ? 1 : 0;
    const exitCode = await attempt.exitCode;
    expect([0, 3, null]).toContain(exitCode);
    await everybodyIsGone(attempt);
    expect(asker?.failures ?? []).toEqual([]);
    if (exitCode !== 0) continue;
    finished += 1;
    await assertMended(options, index, expected);
    index = newIndex();
  }
  expect(await run(options, index).exitCode).toBe(0);
  await assertMended(options, index, expected);
  return { killed, finished, expected };
}

/** A recording whose decoder was killed is retried only minutes later, or on request, as here. */
async function assertMended(library: ChaosLibrary, index: string, expected: Content): Promise<void> {
  if (failuresOf(index).join() !== expected.failures.join()) {
    expect(await run(library, index, '--retry-failed').exitCode).toBe(0);
  }
  await assertEqual(index, expected);
}

function chooseVictim(victims: readonly Victim[], random: () => number): Victim {
  let left = random() * victims.reduce((sum, { weight }) => sum + weight, 0);
  for (const victim of victims) {
    left -= victim.weight;
    if (left < 0) return victim;
  }
  return victims.at(-1) ?? indexer;
}

/** Queries an index repeatedly, as a bot does while another process indexes. */
class Asker implements AsyncDisposable {
  readonly failures: unknown[] = [];
  readonly #host: IndexHost | null;
  #stopped = false;
  readonly #asking: Promise<void>;

  private constructor(host: IndexHost | null, vectors: readonly Float32Array[]) {
    this.#host = host;
    this.#asking = host ? this.#ask(host, vectors) : Promise.resolve();
  }

  /** Sends no query before the first generation exists. */
  static async of(indexDir: string, vectors: readonly Float32Array[]): Promise<Asker> {
    if (!existsSync(path.join(indexDir, 'generations'))) return new Asker(null, vectors);
    using catalog = new Catalog(path.join(indexDir, 'catalog.sqlite'));
    const spaceId = catalog.spaces.list()[0]?.spaceId ?? '';
    const host = new IndexHost({ indexDir, spaceId, catalogId: catalog.id });
    try {
      await host.reloadIfChanged();
      return new Asker(host, vectors);
    } catch {
      // The run was killed before its first generation.
      await host.close();
      return new Asker(null, vectors);
    }
  }

  async #ask(host: IndexHost, vectors: readonly Float32Array[]): Promise<void> {
    while (!this.#stopped) {
      try {
        const { perQuery } = await host.neighbours(vectors, 3, AbortSignal.timeout(60_000));
        if (perQuery.some((found) => found.length === 0)) this.failures.push('an answer without neighbours');
        await host.reloadIfChanged();
      } catch (error) {
        this.failures.push(error);
      }
      await delay(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#asking;
    await this.#host?.close();
  }
}

/** A resumed run has fewer steps, so half of the kills come within the first few. */
function momentOf(random: () => number, steps: number): number {
  return Math.floor(random() * (random() < 0.5 ? 4 : steps));
}

export interface Attempt {
  readonly child: ChildProcess;
  /** One line for each step. */
  readonly lines: AsyncIterable<string>;
  readonly steps: Promise<string[]>;
  /** null when a signal ended the run. */
  readonly exitCode: Promise<number | null>;
  /** All descendants that were observed. */
  readonly seen: Set<number>;
}

export function run({ music, environment }: ChaosLibrary, indexDir: string, ...more: string[]): Attempt {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [entry, music, indexDir, ...more], {
    ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
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

/** Kills one of the victim's processes, or the indexer if there is none, after a random delay from the `step`-th step.
 *  @returns whether there was a process to kill */
async function killAt(attempt: Attempt, step: number, victim: Victim, random: () => number): Promise<boolean> {
  const waitMs = random() * 60;
  const choice = random();
  let at = 0;
  for await (const _ of attempt.lines) if (at++ >= step) break;
  await delay(waitMs);
  const { pid, exitCode } = attempt.child;
  if (pid === undefined || exitCode !== null) return false;
  for (const each of descendantsOf(pid)) attempt.seen.add(each.pid);
  const pids = victim.pids(attempt);
  const isKilled = killProcess(pids[Math.floor(choice * pids.length)] ?? pid);
  await victim.revive?.();
  return isKilled;
}

export function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** No child of a killed indexer may survive. */
async function everybodyIsGone({ seen }: Attempt): Promise<void> {
  await eventually(() => [...seen].every((pid) => !lives(pid)));
}

export function isIndexProcess({ command }: { command: string }): boolean {
  return command.includes('faiss');
}

export interface Content {
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

/** The content of the catalog by key, after checking that the generation contains the same. */
export async function contentOf(indexDir: string): Promise<Content> {
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
      ...{ key, status, contentSha256, embedded, failure: failure?.code },
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

/** mulberry32: a small random generator, [0, 1), the same for the same seed. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
