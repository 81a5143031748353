/** Failed starts and early stops of the program, forked as the demo and the sharding manager fork it. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { freePort } from '../support/free-port.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';

let library: TestLibrary;
let discord: LocalDiscord;
const children: ChildProcess[] = [];

beforeAll(async () => {
  library = await makeLibrary();
  discord = await startLocalDiscord();
});
afterEach(() => {
  discord.faults.clear();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await discord[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

interface Forked {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly exit: Promise<number | null>;
}

function forkBot(environment: Record<string, string> = {}): Forked {
  const { PATH = '', HOME = '' } = process.env;
  const child = fork(path.join(projectRoot, 'src/main.ts'), [], {
    env: {
      ...{ PATH, HOME, INDEX_DIR: library.indexDir },
      ...{ DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, ...environment },
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, said: () => text, exit };
}

const untilThere = ({ said }: Forked) => expect.poll(said, { timeout: 100_000 }).toContain('the bot is there');

test('a forked bot ends by itself when it is stopped', async () => {
  const bot = forkBot();
  await untilThere(bot);
  bot.child.kill('SIGTERM');
  // If it waited for its parent, which waits for it, it would never end.
  expect(await bot.exit).toBe(0);
});

test('a refused token ends it, with and without metrics port and parent', async () => {
  const bot = forkBot({ DISCORD_TOKEN: 'not.a.token', METRICS_PORT: String(await freePort()) });
  expect(await bot.exit).toBe(77);
  expect(bot.said()).toContain('refuses DISCORD_TOKEN');
});

test('it starts although its commands could not be registered', async () => {
  discord.faults.next('/commands', 'status500', 20);
  const bot = forkBot();
  await untilThere(bot);
  expect(bot.said()).toContain('commands could not be registered');
  bot.child.kill('SIGTERM');
  expect(await bot.exit).toBe(0);
});

test('a stop during the start is not lost', async () => {
  // Calls are listed when they are answered, so this one cannot be waited for.
  discord.faults.slow(60_000, '/gateway/bot');
  const bot = forkBot();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect(bot.said()).not.toContain('the bot is there');
  bot.child.kill('SIGTERM');
  expect(await bot.exit).toBe(0);
  expect(discord.botOnline).toBe(false);
});
