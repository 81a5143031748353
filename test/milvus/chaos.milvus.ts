/** Everything at once, with real parts on loopback: Milvus, two workers, two shards, and people who ask five questions a second for two
 *  minutes, while each part is killed in turn and connections are cut. No query is lost or doubled, and no track. Without Milvus,
 *  FAISS stands in its place. Prints the times of recovery. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ShardClientUtil } from 'discord.js';
import { expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { descendantsOf, eventually } from '../embedding-worker/processes.ts';
import { freePort } from '../support/free-port.ts';
import { never, openLibrary, projectRoot } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { Crowd, endsOf, type Member } from './crowd.ts';
import { kind } from './kind.ts';
import { MilvusServer } from './server.ts';

const shards = 2;
const perSecond = 5;
const lastsMs = Number(process.env.CHAOS_SEC ?? 120) * 1_000;
const membersEach = 6;
const pieces = 6;
/** Recordings that come while everything fails. */
const added = 4;
const token = 'the token of the tests';

test('loses no query and no track while each part is killed or cut off in turn', { timeout: 1_800_000 }, async () => {
  await using ending = new AsyncDisposableStack();
  const started = await MilvusServer.start(kind);
  const milvus = 'missing' in started ? null : ending.use(started);
  if ('missing' in started) process.stderr.write(`No Milvus (${kind}), so FAISS searches: ${started.missing}\n`);
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-chaos-'));
  const [music, indexDir] = [path.join(folder, 'music'), path.join(folder, 'index')];
  mkdirSync(music);
  const pieceOf = (n: number) => path.join(music, `piece-${n}.ogg`);
  const aside = path.join(folder, 'aside');
  mkdirSync(aside);
  for (let n = 1; n <= pieces; n++) writePiece(pieceOf(n), n, 24);
  // Written before: this process is Discord too, and must answer at once.
  for (let n = pieces + 1; n <= pieces + added; n++) writePiece(path.join(aside, `piece-${n}.ogg`), n, 24);
  const library = ending.use(openLibrary({ folder, music, indexDir }));
  const settings = milvus?.environment ?? { VECTOR_INDEX: 'faiss' };
  const app = await library.open(settings);
  await app.indexing.index({ library: new FolderLibrary(music), signal: never });
  app.catalog.libraryLocation = `file:${music}`;

  const workers = [ending.use(await RelayedWorker.open()), ending.use(await RelayedWorker.open())] as const;
  const discord = ending.use(await startLocalDiscord({ shards }));
  const members = membersOf(discord);
  const bot = ending.use(
    new Bot({
      ...process.env,
      ...{ ...settings, INDEX_DIR: indexDir, DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl },
      ...{ DISCORD_SHARDS: String(shards), LOG_LEVEL: 'info', QUERY_COOLDOWN_SEC: '0' },
      ...{ QUERIES_AT_ONCE: '3', QUERIES_WAITING_MAX: '1000', QUERIES_WAITING_MAX_SERVER: '1000' },
      ...{ EMBEDDING_WORKER_URL: workers.map(({ url }) => url).join(), EMBEDDING_WORKER_TOKEN: token },
    }),
  );
  await bot.untilThere(shards);

  const clips = Array.from({ length: pieces }, (_, at) => readFileSync(pieceOf(at + 1)));
  const crowd = new Crowd({
    members,
    perSecond,
    // A recording with other bytes each time, so that no stored answer fits: half a second of work for worker and index.
    questionOf: (n) => ({ clip: { name: `clip-${n}.ogg`, data: withOtherBytes(clips[n % pieces] ?? Buffer.of(), n) } }),
  });
  const over = new AbortController();
  const asking = crowd.run(over.signal);
  const startedMs = performance.now();

  const faults: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a worker is killed', () => workers[0].killed('SIGKILL')],
    ['recordings are added', async () => addRecordings(aside, music, app.catalog)],
    ['a worker is stopped (SIGTERM)', () => workers[1].killed('SIGTERM')],
    ['the second shard is killed', () => bot.killShard(1)],
    ['a worker is cut off', () => cutFor(workers[0].relay)],
    ['both workers are cut off', () => Promise.all(workers.map(({ relay }) => cutFor(relay)))],
    ['the gateway is cut', async () => discord.cutGateway()],
    ['the gateway is cut, and sessions are lost', async () => discord.cutGateway({ resumable: false })],
    ...(milvus ? milvusFaults(milvus) : [['index processes are killed', () => bot.killIndex()] as const]),
    ['the first shard is killed', () => bot.killShard(0)],
    ['both workers are killed', () => Promise.all(workers.map((worker) => worker.killed('SIGKILL')))],
  ];
  const happened: { readonly what: string; readonly atMs: number }[] = [];
  for (const [nth, [what, happen]] of faults.entries()) {
    const atMs = startedMs + ((nth + 1) * lastsMs) / (faults.length + 2);
    await delay(Math.max(0, atMs - performance.now()));
    happened.push({ what, atMs: performance.now() });
    process.stdout.write(`${Math.round((performance.now() - startedMs) / 1000)} s: ${what}\n`);
    await happen();
  }
  await delay(Math.max(0, startedMs + lastsMs - performance.now()));
  // People go on until both shards have answered after the last fault.
  await eventually(() => crowd.recoveryMs(happened.at(-1)?.atMs ?? 0) !== null);
  over.abort();
  await asking;
  const askedForMs = performance.now() - startedMs;

  // An operator asks again for a reindex that an outage ended.
  await eventually(async () => {
    const { reindexes } = app.catalog;
    if (reindexes.open() !== null) return false;
    if (reindexes.last()?.state === 'done' && app.catalog.counts().tracks.indexed === pieces + added) return true;
    reindexes.ask({ mode: 'changed', requestedBy: null, guildId: null, channelId: null, locale: 'en-US' });
    await delay(1_000);
    return false;
  });
  report(crowd, happened, askedForMs, milvus ? `Milvus (${milvus.kind})` : 'FAISS');

  const { questions, lost } = crowd;
  expect(lost.map(({ id }) => id)).toEqual([]);
  expect(questions.every(({ answeredAtMs }) => answeredAtMs !== null)).toBe(true);
  for (const { interactions } of questions) {
    for (const each of interactions) expect(endsOf(each).length).toBe(each.failed ? 0 : 1);
    // The one that was answered is the last: nobody got two answers.
    expect(interactions.flatMap(endsOf).filter(({ content }) => content.startsWith('**'))).toHaveLength(1);
  }
  expect(questions.length).toBeGreaterThan(20);
  expect(happened.map(({ what, atMs }) => [what, crowd.recoveryMs(atMs) !== null])).toEqual(
    happened.map(({ what }) => [what, true]),
  );
  for (let n = 1; n <= pieces + added; n++) {
    const found = await members[0]?.person.slash('similar', { piece: `piece-${n}` }, members[0]);
    await found?.until(({ content }) => content.startsWith('**') && content.includes(`piece-${n}`), 100_000);
  }
  expect(await bot.stop()).toBe(0);
});

/** @see https://xiph.org/ogg/doc/framing.html: what follows the last page is skipped by decoders */
function withOtherBytes(clip: Buffer, n: number): Buffer {
  return Buffer.concat([clip, Buffer.from(`question ${n}`)]);
}

function membersOf(discord: LocalDiscord): Member[] {
  const members: Member[] = [];
  while (members.length < shards * membersEach) {
    const guildId = discord.addGuild({ name: 'A server' });
    const shard = ShardClientUtil.shardIdForGuildId(guildId, shards);
    if (members.filter((each) => each.shard === shard).length >= membersEach) continue;
    const channelId = discord.addChannel(guildId, { name: 'music' });
    for (let n = 0; n < membersEach; n++) {
      members.push({ person: discord.addUser({ name: `Ada ${shard} ${n}`, guildId }), channelId, shard });
    }
  }
  // Both shards by turns.
  return members.sort((a, b) => Number(a.person.name.at(-1)) - Number(b.person.name.at(-1)));
}

async function addRecordings(
  from: string,
  to: string,
  { reindexes }: Awaited<ReturnType<ReturnType<typeof openLibrary>['open']>>['catalog'],
): Promise<void> {
  for (const name of await readdir(from)) await rename(path.join(from, name), path.join(to, name));
  reindexes.ask({ mode: 'changed', requestedBy: null, guildId: null, channelId: null, locale: 'en-US' });
}

const cutMs = 3_000;

async function cutFor(relay: Pick<TcpRelay, 'cut' | 'heal'>): Promise<void> {
  relay.cut();
  await delay(cutMs);
  relay.heal();
}

function milvusFaults(milvus: MilvusServer) {
  return [
    ['Milvus is cut off', () => cutFor(milvus)],
    ['Milvus is killed', async () => milvus.kill().then(() => milvus.revive())],
  ] as const;
}

/** `npm run worker` behind a relay; started again two seconds after it ended. */
class RelayedWorker implements AsyncDisposable {
  readonly relay: TcpRelay;
  readonly url: string;
  readonly #port: number;
  #child: ChildProcess | null = null;

  private constructor(relay: TcpRelay, relayPort: number, port: number) {
    this.relay = relay;
    this.url = `http://127.0.0.1:${relayPort}`;
    this.#port = port;
  }

  static async open(): Promise<RelayedWorker> {
    const [relayPort, port] = [await freePort(), await freePort()];
    const relay = await TcpRelay.open(relayPort, { host: '127.0.0.1', port });
    const worker = new RelayedWorker(relay, relayPort, port);
    await worker.#start();
    return worker;
  }

  async killed(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    await delay(2_000);
    await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.relay[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    const child = spawn(process.execPath, [path.join(projectRoot, 'embedding-worker/main.ts')], {
      env: {
        ...process.env,
        ...{ WORKER_PORT: String(this.#port), EMBEDDING_WORKER_TOKEN: token, LOG_LEVEL: 'silent' },
        ...{ INFERENCE_PROCESSES: '1', WORKER_DRAIN_SEC: '10' },
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    for await (const block of child.stderr) if (String(block).includes('listens on')) break;
  }
}

class Bot implements AsyncDisposable {
  readonly #manager: ChildProcess;
  #logged = '';

  constructor(env: NodeJS.ProcessEnv) {
    this.#manager = spawn(process.execPath, [path.join(projectRoot, 'src/main.ts')], {
      ...{ env, stdio: ['ignore', 'ignore', 'pipe'] },
    });
    this.#manager.stderr?.on('data', (block: Buffer) => {
      this.#logged += block;
    });
  }

  untilThere(count: number): Promise<void> {
    return eventually(() => Array.from({ length: count }).every((_, shard) => this.#pids(shard).length > 0));
  }

  async killShard(shard: number): Promise<void> {
    const pid = this.#pids(shard).at(-1);
    // Zero would be the tests' own process group.
    if (!pid) throw new Error(`Shard ${shard} is not there`);
    process.kill(pid, 'SIGKILL');
  }

  async killIndex(): Promise<void> {
    for (const { pid, command } of descendantsOf(this.#manager.pid ?? 0))
      if (command.includes('faiss-child')) process.kill(pid, 'SIGKILL');
  }

  async stop(): Promise<number | null> {
    if (this.#manager.exitCode === null && this.#manager.signalCode === null) {
      const ended = once(this.#manager, 'exit');
      this.#manager.kill('SIGTERM');
      await ended;
    }
    return this.#manager.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #pids(shard?: number): number[] {
    const lines = this.#logged.matchAll(/"pid":(\d+)[^\n]*"shard":(\d+),"msg":"the bot is there"/g);
    return [...lines].flatMap(([, pid, of]) => (shard === undefined || Number(of) === shard ? [Number(pid)] : []));
  }
}

function report(
  crowd: Crowd,
  happened: readonly { readonly what: string; readonly atMs: number }[],
  ms: number,
  index: string,
): void {
  const { questions, ends } = crowd;
  const took = questions
    .flatMap(({ askedAtMs, answeredAtMs }) => (answeredAtMs === null ? [] : [answeredAtMs - askedAtMs]))
    .sort((a, b) => a - b);
  const sec = (value: number | null | undefined) => `${((value ?? Number.NaN) / 1000).toFixed(1)} s`;
  const lines = [
    `${index}, ${workersWord}: ${questions.length} questions in ${sec(ms)}, ` +
      `answered after ${sec(took[Math.floor(took.length / 2)])} (median), ${sec(took.at(-1))} (longest)`,
    `interactions: ${[...ends].map(([end, count]) => `${count} ${end}`).join(', ')}`,
    ...happened.map(
      ({ what, atMs }) => `  ${what}: both shards answer new questions after ${sec(crowd.recoveryMs(atMs))}`,
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const workersWord = 'two workers, two shards';
