/** How the bot stops, and what users with waiting queries get. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../../local-discord/local-discord.ts';
import { makeBot } from '../../support/bot.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, isPrivate, isThinking, publicMessages, saying } from './asking.ts';

let library: TestLibrary;
let discord: LocalDiscord;
let ada: Person;
let bob: Person;
const children: Program[] = [];

beforeAll(async () => {
  library = await makeLibrary();
  discord = await startLocalDiscord();
  ada = discord.addUser({ name: 'Ada' });
  bob = discord.addUser({ name: 'Bob' });
});

afterEach(async () => {
  discord.faults.clear();
  for (const { child, ended } of children.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

afterAll(async () => {
  const { violations } = discord;
  await discord[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  // The wrong token.
  expect(violations.map(({ status }) => status)).toEqual([401]);
});

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly log: () => string;
}

/** The bot as `npm start` runs it. */
function startProgram(environment: Record<string, string> = {}): Program {
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    ...{ PATH, HOME, INDEX_DIR: library.indexDir, QUERY_COOLDOWN_SEC: '0' },
    ...{ DISCORD_API_URL: discord.apiUrl, DISCORD_TOKEN: discord.token, ...environment },
  };
  const entry = path.join(projectRoot, 'src', 'main.ts');
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const program = { child, ended: once(child, 'close'), log: () => text };
  children.push(program);
  return program;
}

async function exitOf(program: Program): Promise<{ code: number | null; said: string }> {
  await program.ended;
  return { code: program.child.exitCode, said: program.log() };
}

/** Logged in, with its commands. */
async function untilThere({ log }: Program): Promise<void> {
  await expect.poll(log, { timeout: 100_000 }).toContain('the bot is there');
}

/** Fetching takes so long that the query is still running. */
const slowFiles = () => discord.faults.slow(60_000, '/ephemeral-attachments/');

describe('the program ends', () => {
  test('with 78 and instructions when it has no token', async () => {
    const { code, said } = await exitOf(startProgram({ DISCORD_TOKEN: '' }));
    expect(code).toBe(78);
    expect(said).toMatch(/^Cannot start: DISCORD_TOKEN is not set\..*npm run demo\n$/s);
  });

  test('with 77 when its token is refused, and does not show it', async () => {
    const { code, said } = await exitOf(startProgram({ DISCORD_TOKEN: 'some.wrong.token' }));
    expect(code).toBe(77);
    expect(said).toContain('refuses DISCORD_TOKEN');
    expect(said).not.toContain('some.wrong.token');
    expect(said).not.toMatch(/^\s+at /m);
  });

  test.each([
    [4004, 77, 'refuses DISCORD_TOKEN'],
    [4011, 78, 'DISCORD_SHARDS=auto'],
    [4014, 75, 'for good, with code 4014'],
  ])('when Discord closes its connection with %i: with %i, and says why', async (closeCode, exitCode, why) => {
    const program = startProgram();
    await untilThere(program);
    discord.closeGateway(closeCode);
    const { code, said } = await exitOf(program);
    expect(said).toContain(why);
    expect(code).toBe(exitCode);
  });

  test('with 75 when Discord is unreachable', async () => {
    const { code, said } = await exitOf(startProgram({ DISCORD_API_URL: 'http://127.0.0.1:9/api' }));
    expect(code).toBe(75);
    expect(said).toMatch(/did not accept the login/);
  });
});

test('a stop notifies the users of interrupted and refused queries, and leaves no query waiting', async () => {
  const bot = await makeBot(library, { environment: { QUERIES_AT_ONCE: '1' } });
  const here = bot.discord;
  const [eve, dan] = ['Eve', 'Dan'].map((name) => here.addUser({ name }));
  here.faults.slow(60_000, '/ephemeral-attachments/');
  const running = await eve?.slash('similar', { clip: excerpt(library, 1) });
  const waiting = await dan?.slash('similar', { clip: excerpt(library, 2), private: true });
  if (!running || !waiting) throw new Error('Expected two queries');
  await running.until(({ content }) => content.startsWith('Downloading'), 100_000);
  await waiting.until(({ content }) => content.startsWith('Waiting'), 100_000);
  const stopping = bot.bot.stop();
  expect((await saying(waiting, 'I am being restarted')).content).toContain('not your fault');
  expect(isPrivate(await saying(running, 'I am being restarted'))).toBe(true);
  await stopping;
  expect(publicMessages(here).filter(isThinking)).toEqual([]);
  expect(publicMessages(here)).toEqual([]);
  expect(here.violations).toEqual([]);
  await bot[Symbol.asyncDispose]();
});

test('SIGTERM lets a running query finish, then exits with 0', async () => {
  const program = startProgram();
  await untilThere(program);
  // With a library track: nothing to embed, so that it also ends in time on a busy machine.
  const asked = await ada.slash('similar', { piece: 'piece-3' });
  await asked.until(({ content, embeds }) => content !== '' || embeds.length > 0, 100_000);
  program.child.kill('SIGTERM');
  await answerTo(asked);
  const { code, said } = await exitOf(program);
  expect(code).toBe(0);
  expect(said).toContain('"stopped"');
});

test('after a kill, the next start notifies the waiting users and removes the thinking replies', async () => {
  const program = startProgram();
  await untilThere(program);
  const before = publicMessages(discord).length;
  slowFiles();
  const inPublic = await ada.slash('similar', { clip: excerpt(library, 4) });
  const inPrivate = await bob.slash('similar', { clip: excerpt(library, 5), private: true }, { locale: 'de' });
  for (const asked of [inPublic, inPrivate]) await asked.until(({ content }) => content !== '', 100_000);
  program.child.kill('SIGKILL');
  await program.ended;
  discord.faults.clear();

  const next = startProgram();
  const told = await saying(inPublic, 'I was restarted, so your query was interrupted');
  expect(isPrivate(told)).toBe(true);
  await saying(inPrivate, /neu gestartet/);
  expect(inPublic.original()).toBeNull();
  expect(publicMessages(discord)).toHaveLength(before);
  await untilThere(next);
  await answerTo(await ada.slash('similar', { clip: excerpt(library, 4), private: true }));
  const log = program.log() + next.log();
  expect(log).not.toContain(discord.token);
  expect(log).not.toMatch(/Ada|Bob|[?&](ex|hm)=/);
});
