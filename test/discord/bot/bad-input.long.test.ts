import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileToUpload, Person } from '../../../local-discord/local-discord.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, type TestLibrary } from '../../support/library.ts';
import { answerTo, excerpt, failureOf, headlineOf, isPrivate, publicMessages, silence } from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library, { environment: { FETCH_MAX_MB: '1' } });
  ada = bot.discord.addUser({ name: 'Ada' });
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  // The requested message does not exist.
  expect(violations.map(({ code }) => code)).toEqual([10_008]);
});

/** Runs a public query and expects a private error reply, with nothing left in the channel. */
async function refusalOf(options: Record<string, string | FileToUpload>): Promise<string> {
  const before = publicMessages(bot.discord).length;
  const failed = await failureOf(await ada.slash('similar', options));
  expect(isPrivate(failed)).toBe(true);
  expect(publicMessages(bot.discord)).toHaveLength(before);
  const reference = failed.content.slice(-6);
  expect(bot.logged.filter((line) => line.reference === reference)).toHaveLength(1);
  expect(failed.content).not.toMatch(/ffmpeg|error:|Error|\/tmp|ECONN|undefined|null|NaN/);
  return failed.content;
}

describe('an unusable file', () => {
  test('is reported as silent when it has no sound', async () => {
    const asked = await ada.slash('similar', { clip: silence() });
    const message = await asked.until(
      ({ content }) => content.startsWith('**') || content.includes('reference'),
      100_000,
    );
    expect(message.content).toMatch(/no sound|no music in it/);
  });

  test('is reported as unreadable when it is a text with an audio name and type', async () => {
    const data = Buffer.from('This is a letter, not a song.\n'.repeat(500));
    const clip = { name: 'song.mp3', data, contentType: 'audio/mpeg' };
    expect(await refusalOf({ clip })).toMatch(/not a recording|cannot read this file as audio/);
  });

  test('is reported as unreadable when it is random bytes', async () => {
    const data = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251));
    expect(await refusalOf({ clip: { name: 'song.mp3', data } })).toMatch(/cannot read this file as audio|no sound/);
  });

  test('is reported as empty when it is empty', async () => {
    expect(await refusalOf({ clip: { name: 'song.mp3', data: Buffer.alloc(0) } })).toMatch(/empty/);
  });

  test('is refused with the limit when it is too large', async () => {
    const clip = { name: 'long.wav', data: Buffer.alloc(1_100_000, 1) };
    expect(await refusalOf({ clip })).toMatch(/too large: the limit is 1\.0 MB/);
  });

  test('is accepted when only its end is missing', async () => {
    const whole = excerpt(library, 2, 0, 40);
    const clip = { ...whole, name: 'cut.mp3', data: whole.data.subarray(0, Math.floor(whole.data.length * 0.7)) };
    expect(headlineOf(await answerTo(await ada.slash('similar', { clip })))).toMatch(/^This is piece-2/);
  });

  test('is read by its bytes, not by its extension', async () => {
    const clip = { ...excerpt(library, 2), name: 'lying.flac', contentType: 'audio/flac' };
    expect(headlineOf(await answerTo(await ada.slash('similar', { clip })))).toMatch(/^This is piece-2/);
  });
});

describe('an invalid part', () => {
  const part = (from: string, to: string) => refusalOf({ clip: excerpt(library, 1), from, to });

  test('is refused with both times when it ends before it begins', async () => {
    expect(await part('0:15', '0:05')).toMatch(/\*\*to\*\* must be after \*\*from\*\*, and 0:05 is not after 0:15/);
  });

  test('is refused when it begins beyond the end', async () => {
    expect(await refusalOf({ clip: excerpt(library, 1), from: '5:00' })).toMatch(/from 5:00 on.*an earlier part/);
  });

  test('is refused with the time format when a time is unreadable', async () => {
    expect(await part('soon', '0:05')).toMatch(/“soon” as a time.*1:20/);
  });

  test('is refused when it contains too little of a library track', async () => {
    expect(await refusalOf({ piece: 'piece-1', from: '10:00', to: '10:20' })).toMatch(/no sound|beyond the end/);
  });

  test('is accepted when it ends beyond the end', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 1), from: '0', to: '9:00' }));
    expect(headlineOf(message)).toMatch(/^This is piece-1/);
  });
});

describe('a link without audio', () => {
  test('is reported as expired when the attachment expired', async () => {
    const posted = await ada.post(bot.discord.defaultChannelId, 'listen', [excerpt(library, 4)]);
    const link = (posted.attachments[0]?.url ?? '').replace(/ex=[0-9a-f]+/, 'ex=1');
    expect(await refusalOf({ link })).toMatch(/the server returned status 404.*check the link/i);
  });

  test('is refused when it leads to this machine', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await refusalOf({ link: `http://127.0.0.1:${port}/a.mp3?key=secret` })).toMatch(/public addresses/);
    expect(asked).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  test.each(['https://www.youtube.com/watch?v=1', 'https://open.spotify.com/track/1', 'https://soundcloud.com/a/b'])(
    'because it is a page with a player (%s), says what to do instead, in two sentences',
    async (link) => {
      const said = await refusalOf({ link });
      expect(said).toContain(new URL(link).host);
      expect(said).toMatch(
        /^I cannot download music .* Please send the file itself, a voice message, or a direct link/,
      );
      expect(said.split('\n')[0]?.match(/\.( |$)/g)).toHaveLength(2);
    },
  );

  test('is reported when its message does not exist', async () => {
    const { defaultGuildId, defaultChannelId } = bot.discord;
    const link = `https://discord.com/channels/${defaultGuildId}/${defaultChannelId}/12345678901234567`;
    expect(await refusalOf({ link })).toMatch(/cannot open that message/);
  });
});

test('no failure logs a stack, a token or a query string', () => {
  const log = JSON.stringify(bot.logged);
  expect(log).not.toContain(bot.discord.token);
  expect(log).not.toMatch(/[?&](key|ex|hm)=/);
  expect(log).not.toContain('Ada');
  expect(bot.logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  expect(log).not.toMatch(/"stack"/);
});
