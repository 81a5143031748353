import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, failureOf, headlineOf, isPrivate, isThinking, publicMessages, saying } from './asking.ts';
import { signalIndex, signalWorker } from './processes.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;
let clipNumber = 0;

beforeAll(async () => {
  library = await makeLibrary();
  // Enough neighbours to find another track too: a track has five chunks.
  bot = await makeBot(library, { environment: { NEIGHBOURS: '12' } });
  ada = bot.discord.addUser({ name: 'Ada' });
  await answerTo(await ada.slash('similar', { clip: newClip() }));
});

afterEach(() => {
  signalWorker('SIGCONT');
  bot.discord.faults.clear();
  bot.discord.setPermissions(bot.discord.defaultChannelId, 'bot', {});
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  // The acknowledgement that discord.js repeats after a lost response.
  expect(violations.map(({ code }) => code)).toEqual([40_060]);
});

/** Bytes of no earlier query. */
function newClip() {
  clipNumber++;
  return excerpt(library, 1, clipNumber, 12);
}

describe('without the permission to', () => {
  const deny = (bit: bigint) => bot.discord.setPermissions(bot.discord.defaultChannelId, 'bot', { deny: bit });

  test('attach files, the bot answers without them and names the permission', async () => {
    deny(PermissionFlagsBits.AttachFiles);
    const message = await answerTo(await ada.slash('similar', { clip: newClip() }));
    expect(message.attachments).toEqual([]);
    expect(message.attachments).toEqual([]);
    expect(message.content).toContain('I lack the permission **Attach Files** here');
    const listened = await ada.select(message, 'Listen to a piece', ['1']);
    expect((await failureOf(listened)).content).toContain('**Attach Files**');
  });

  test('embed links, the bot refuses before embedding, names the permission, and leaves nothing', async () => {
    deny(PermissionFlagsBits.EmbedLinks);
    const before = publicMessages(bot.discord).length;
    const failed = await failureOf(await ada.slash('similar', { clip: newClip() }));
    expect(failed.content).toContain('I lack the permission **Embed Links**');
    expect(isPrivate(failed)).toBe(true);
    expect(publicMessages(bot.discord)).toHaveLength(before);
  });

  test('send messages, the bot still answers the interaction; only sharing names the permission', async () => {
    deny(PermissionFlagsBits.SendMessages);
    const message = await answerTo(await ada.slash('similar', { clip: newClip() }));
    expect((await failureOf(await ada.press(message, 'Share'))).content).toContain('**Send Messages**');
  });
});

describe('during a query', () => {
  test('the worker is killed, and its successor answers', async () => {
    signalWorker('SIGSTOP');
    const asked = await ada.slash('similar', { clip: newClip() });
    await asked.until(({ content }) => content.startsWith('Listening'), 100_000);
    expect(signalWorker('SIGKILL')).toBeGreaterThan(0);
    expect(headlineOf(await answerTo(asked))).toMatch(/piece-1/);
  });

  test('the index process is killed, and its successor answers', async () => {
    signalWorker('SIGSTOP');
    const asked = await ada.slash('similar', { clip: newClip() });
    await asked.until(({ content }) => content.startsWith('Listening'), 100_000);
    expect(signalIndex('SIGKILL')).toBeGreaterThan(0);
    signalWorker('SIGCONT');
    expect(headlineOf(await answerTo(asked))).toMatch(/piece-1/);
  });

  test('the catalog is locked for seconds, and the bot acknowledges, waits and answers', async () => {
    const other = new DatabaseSync(path.join(library.indexDir, 'catalog.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const asked = await ada.slash('similar', { clip: newClip() });
    expect((await asked.ackedAtMs) - asked.sentAtMs).toBeLessThan(1_500);
    await sleep(4_000);
    expect(asked.original()?.embeds).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    await answerTo(asked);
  });

  test('the gateway connection breaks and resumes, and no answer or press is lost', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: newClip() }));
    signalWorker('SIGSTOP');
    const asked = await ada.slash('similar', { clip: newClip() });
    await asked.until(({ content }) => content.startsWith('Listening'), 100_000);
    bot.discord.cutGateway({ resumable: true });
    signalWorker('SIGCONT');
    await answerTo(asked);
    await bot.discord.untilBotIsOnline(20_000);
    await (await ada.select(message, 'Listen to a piece', ['1'])).until(
      ({ attachments }) => attachments.length === 3,
      20_000,
    );
  });
});

describe('when Discord answers', () => {
  test('every tenth call with 500 and every twentieth with 429, each query is answered once', async () => {
    const people = Array.from({ length: 6 }, (_, n) => bot.discord.addUser({ name: `Person ${n}` }));
    const before = publicMessages(bot.discord).length;
    bot.discord.faults.rates = { status500: 0.1, status429: 0.05 };
    const asked = await Promise.all(people.map((person) => person.slash('similar', { clip: newClip() })));
    const answers = await Promise.all(asked.map((each) => answerTo(each)));
    await sleep(1_000);
    bot.discord.faults.clear();
    const posted = publicMessages(bot.discord).slice(before);
    expect(posted.map(({ id }) => id).sort()).toEqual(answers.map(({ id }) => id).sort());
    expect(posted.filter(isThinking)).toEqual([]);
    const { status500, status429 } = bot.discord.faults.counts;
    expect(status500 + status429).toBeGreaterThan(0);
  });

  test('not to an acknowledgement that it processed, the query is answered once', async () => {
    bot.discord.faults.next(/POST .*\/callback/, 'lost-answer');
    const before = publicMessages(bot.discord).length;
    await answerTo(await ada.slash('similar', { clip: newClip() }));
    expect(publicMessages(bot.discord)).toHaveLength(before + 1);
  });

  test('not to a shared result that it processed, there is one post', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: newClip() }));
    const choice = await saying(await ada.press(message, 'Share'), 'Which result');
    const before = publicMessages(bot.discord).length;
    bot.discord.faults.next(/^POST \/channels\/\d+\/messages/, 'lost-answer');
    await saying(await ada.select(choice, 'Choose a piece', ['1']), 'Posted in');
    expect(publicMessages(bot.discord)).toHaveLength(before + 1);
  });
});

test.skipIf(!canMount())('a full disk is named, and nothing of the clip is left on it', async () => {
  const spool = path.join(library.indexDir, 'spool');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'leitmotif-test', spool]);
  try {
    mkdirSync(path.join(spool, '0'));
    const failed = await failureOf(await ada.slash('similar', { clip: newClip() }));
    expect(failed.content).toContain('My disk is full');
    expect(isPrivate(failed)).toBe(true);
  } finally {
    execFileSync('umount', ['--lazy', spool]);
  }
  await answerTo(await ada.slash('similar', { clip: newClip() }));
});

test('a result without its file is named, and the other clips are attached', async () => {
  const clip = excerpt(library, 2);
  const file = path.join(library.music, 'piece-2.ogg');
  renameSync(file, `${file}.away`);
  try {
    const message = await answerTo(await ada.slash('similar', { clip }));
    expect(message.content).toContain('No clips of 1: its recording cannot be read at the moment.');
    expect(message.attachments[0]?.filename).toMatch(/^02-/);
    const failed = await failureOf(await ada.select(message, 'Listen to a piece', ['1']));
    expect(failed.content).toContain('I cannot open this recording');
    const asked = await ada.select(message, 'Query with one of these pieces', ['1']);
    expect((await answerTo(asked)).content).toContain('Query: **piece-2**');
  } finally {
    renameSync(`${file}.away`, file);
  }
});

test('a missing worker is reported at once, for public and private queries', async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-empty-'));
  {
    const environment = { EMBEDDING_WORKER_URL: 'http://127.0.0.1:9', EMBEDDING_WORKER_TOKEN: 'any' };
    await using deaf = await makeBot({ indexDir }, { environment });
    const bob = deaf.discord.addUser({ name: 'Bob' });
    for (const hidden of [false, true]) {
      const failed = await failureOf(await bob.slash('similar', { clip: newClip(), private: hidden }));
      expect(failed.content).toMatch(/The embedding worker does not respond.*Try again in a few minutes/);
      expect(isPrivate(failed)).toBe(true);
    }
    expect(publicMessages(deaf.discord)).toEqual([]);
    expect(deaf.discord.violations).toEqual([]);
  }
  rmSync(indexDir, { recursive: true, force: true });
});

test('a worker that takes minutes to start does not delay /about', async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-empty-'));
  {
    const others = signalWorker('SIGSTOP');
    await using slow = await makeBot({ indexDir });
    await vi.waitFor(() => expect(signalWorker('SIGSTOP')).toBeGreaterThan(others), 100_000);
    const bob = slow.discord.addUser({ name: 'Bob' });
    const startedMs = performance.now();
    const about = await (await bob.slash('about')).until(({ embeds }) => embeds.length > 0, 100_000);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(JSON.stringify(about.embeds)).toContain('The model does not respond at the moment');
    signalWorker('SIGCONT');
  }
  rmSync(indexDir, { recursive: true, force: true });
});

test('a library that was never indexed gets instructions', async () => {
  const indexDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-empty-'));
  {
    await using empty = await makeBot({ indexDir });
    const bob = empty.discord.addUser({ name: 'Bob' });
    const failed = await failureOf(await bob.slash('similar', { clip: newClip() }));
    expect(failed.content).toMatch(/The library is empty.*\/library reindex/s);
    expect(publicMessages(empty.discord)).toEqual([]);
    expect(await bob.autocomplete('similar', 'piece', 'a')).toEqual([]);
    expect(empty.discord.violations).toEqual([]);
  }
  rmSync(indexDir, { recursive: true, force: true });
});

test('no token and no name is in the log', () => {
  const log = JSON.stringify(bot.logged);
  expect(log).not.toContain(bot.discord.token);
  expect(log).not.toMatch(/\/webhooks\/\d+\/(?!:token)[\w-]{20,}/);
  expect(log).not.toMatch(/\/interactions\/\d+\/(?!:token)[\w-]{20,}/);
  expect(log).not.toMatch(/[?&](ex|hm)=/);
  expect(log).not.toMatch(/Ada|Person \d/);
});

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'leitmotif-test', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
