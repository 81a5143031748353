/** One set of index processes for several programs: found by content, kept while any program has it open, and as reliable for each as
 *  processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { faissEngineWith } from '../../src/index/faiss-engine.ts';
import { FaissIndex, type FaissLimits } from '../../src/index/faiss-index.ts';
import type { OpenShard, ShardEvent, ShardFiles } from '../../src/index/index-shard.ts';
import { SharedShard } from '../../src/index/shared-shard.ts';
import { SocketClient } from '../../src/io/socket-client.ts';
import { wholeOf } from '../../src/ranking/space-parts.ts';
import { describeEngine } from './engine-contract.ts';
import { shareShards } from './shard-server.ts';
import {
  isRunning,
  makeFolder,
  naiveSearch,
  never,
  testFolder,
  unitVectors,
  untilGone,
  writeShards,
} from './vectors.ts';

const dimensions = 16;
const signal = never;
const shape = { dimensions, parts: [wholeOf(dimensions)] };
const rows = unitVectors(200, dimensions, 4);
const queries = unitVectors(30, dimensions, 5);
const expected = queries.map((query) => naiveSearch(rows, query, 5));

let server: Awaited<ReturnType<typeof shareShards>>;
beforeAll(async () => {
  server = await shareShards(makeFolder());
});
afterAll(() => server[Symbol.asyncDispose]());

/** As another program has it: with a connection of its own. */
function program(socketPath = server.socketPath): OpenShard {
  const client = new SocketClient(socketPath);
  onTestFinished(() => client.close());
  return (options) => SharedShard.open(client, options);
}

async function open(shards: readonly ShardFiles[], openShard = program(), limits: Partial<FaissLimits> = {}) {
  const events: ShardEvent[] = [];
  const index = await FaissIndex.open({ ...shape, shards, openShard, limits, onEvent: (event) => events.push(event) });
  onTestFinished(() => index.close());
  return { index, events };
}

const written = () => writeShards(testFolder(), rows, [100, 100]);

describe('two programs', () => {
  test('share the processes of equal files, which end when both have closed them', async () => {
    const shards = await written();
    // The second has copies of the files under other names, as the next generation has.
    const names = shards.map((shard) => ({ ...shard, files: shard.files.map(copied) }));
    const one = await open(shards);
    const other = await open(names);
    const pids = await one.index.pids();
    expect(await other.index.pids()).toEqual(pids);
    expect(await Promise.all([one, other].map(({ index }) => index.search(queries, 5, { signal })))).toEqual([
      expected,
      expected,
    ]);
    await one.index.close();
    await expect(one.index.search(queries, 5, { signal })).rejects.toMatchObject({ code: 'index-unavailable' });
    expect(await other.index.search(queries, 5, { signal })).toEqual(expected);
    await other.index.close();
    await Promise.all(pids.map(untilGone));
  });

  test('that open at the same time start one process a shard', async () => {
    const shards = await written();
    const all = await Promise.all(Array.from({ length: 6 }, () => open(shards)));
    const pids = await Promise.all(all.map(({ index }) => index.pids()));
    expect(new Set(pids.flat()).size).toBe(2);
  });

  test('lose no search when the processes are killed 20 times, and both hear of each', async () => {
    const shards = await written();
    const both = [await open(shards), await open(shards)];
    for (let round = 0; round < 20; round += 1) {
      const pids = (await both[0]?.index.pids()) ?? [];
      const searching = both.flatMap(({ index }) => [
        index.search(queries, 5, { signal }),
        index.search(queries, 5, { signal }),
      ]);
      process.kill(pids[round % 2] ?? 0, 'SIGKILL');
      expect(await Promise.all(searching)).toEqual([expected, expected, expected, expected]);
    }
    for (const { events } of both) {
      await expect.poll(() => events.filter(({ kind }) => kind === 'died').length, { timeout: 100_000 }).toBe(20);
    }
  });

  test('take turns: the deadline of a search does not count the searches of others', async () => {
    const shards = await writeShards(testFolder(), rows, [200]);
    const limits = { searchTimeoutMs: 4_000 };
    const both = [await open(shards, program(), limits), await open(shards, program(), limits)];
    const [pid = 0] = (await both[0]?.index.pids()) ?? [];
    // The first search hangs until its deadline, and is then repeated; the second begins only after it.
    process.kill(pid, 'SIGSTOP');
    const answers = await Promise.all(both.map(({ index }) => index.search(queries, 5, { signal })));
    expect(answers).toEqual([expected, expected]);
    expect(both[0]?.events.filter(({ kind }) => kind === 'died')).toHaveLength(1);
  });

  test('that has intact files opens them, although those that the other has open are damaged', async () => {
    const shards = await writeShards(testFolder(), rows, [200]);
    const [shard] = shards;
    if (!shard) throw new Error('There is no shard');
    const intact = [{ ...shard, files: shard.files.map(copied) }];
    const one = await open(shards);
    const [pid = 0] = await one.index.pids();
    truncateSync(shard.files[0].path, 1000);
    process.kill(pid, 'SIGKILL');
    await expect(one.index.search(queries, 5, { signal })).rejects.toMatchObject({ code: 'index-corrupt' });
    const other = await open(intact);
    expect(await other.index.search(queries, 5, { signal })).toEqual(expected);
  });
});

test('a program that is killed lets go of its shards', async () => {
  const shards = await written();
  const holder = await started('search-shared.ts', server.socketPath, JSON.stringify({ ...shape, shards }));
  const pids = JSON.parse(holder.line) as number[];
  expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
  holder.child.kill('SIGKILL');
  await Promise.all(pids.map(untilGone));
});

test('processes end with the program that shares them, and searches work again when it is back', async () => {
  const folder = testFolder();
  const shards = await written();
  const first = await started('share-index.ts', folder);
  const { index } = await open(shards, program(first.line));
  const pids = await index.pids();
  first.child.kill('SIGKILL');
  await Promise.all(pids.map(untilGone));
  await expect(index.search(queries, 5, { signal })).rejects.toMatchObject({ code: 'index-unavailable' });
  await started('share-index.ts', folder);
  expect(await index.search(queries, 5, { signal })).toEqual(expected);
});

async function started(name: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'programs', name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, line: String(line).trim() };
}

function copied<T extends { readonly path: string }>(file: T): T {
  const copy = `${file.path}.copy`;
  copyFileSync(file.path, copy);
  return { ...file, path: copy };
}

describeEngine('faiss with shared processes', () => {
  const client = new SocketClient(server.socketPath);
  onTestFinished(() => client.close());
  return { faiss: faissEngineWith((options) => SharedShard.open(client, options)) };
});
