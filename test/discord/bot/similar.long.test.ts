import path from 'node:path';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../../../local-discord/local-discord.ts';
import { FolderLibrary } from '../../../src/library/folder.ts';
import { makeBot, type TestBot } from '../../support/bot.ts';
import { makeLibrary, never, type TestLibrary } from '../../support/library.ts';
import { ffmpeg } from '../../support/pieces.ts';
import {
  answerTo,
  excerpt,
  failureOf,
  headlineOf,
  isPrivate,
  labelsOf,
  newPiece,
  optionsOf,
  publicMessages,
  secondsOf,
} from './asking.ts';

let library: TestLibrary;
let bot: TestBot;
let ada: Person;

beforeAll(async () => {
  library = await makeLibrary();
  bot = await makeBot(library);
  ada = bot.discord.addUser({ name: 'Ada' });
});

afterAll(async () => {
  const { violations } = bot.discord;
  await bot[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
  expect(violations).toEqual([]);
});

describe('/similar with a clip', () => {
  test('names the recording first, then ranks results with their evidence, in public', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 3) }));
    expect(headlineOf(message)).toMatch(/^This is piece-3/);
    const lines = message.content.split('\n');
    expect(lines[1]).toContain('-# Query: **excerpt-3-10.mp3**, 0:20');
    expect(lines[2]).toMatch(/^\*\*1\. piece-3\*\* · the same recording · yours 0:\d\d - theirs 0:\d\d$/);
    expect(lines[3]).toMatch(
      /^\*\*2\. .+ · (very similar|similar|less similar) \(\d+\) · yours 0:\d\d - theirs 0:\d\d( · same .+)?$/,
    );
    expect(message.content.length).toBeLessThanOrEqual(700);
    expect(message.embeds).toEqual([]);
    expect(labelsOf(message).length).toBeLessThanOrEqual(6);
    expect(isPrivate(message)).toBe(false);
    expect(publicMessages(bot.discord).map(({ id }) => id)).toContain(message.id);
  });

  test("plays the first piece's clip, says so, and gives it a readable name and an alt text", async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5, 0, 40) }));
    expect(message.content).toContain('-# Clip of 1, the others under Listen');
    expect(message.content).toContain('**3. ');
    expect(message.attachments).toHaveLength(1);
    expect(message.attachments[0]?.filename).toMatch(/^01-piece-5-theirs-0m\d\d\.mp3$/);
    for (const { description: alt, content_type } of message.attachments) {
      expect(alt).toMatch(/, from 0:\d\d$/);
      expect(content_type).toBe('audio/mpeg');
    }
  });

  test('attaches clips as long as their window', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 2) }));
    expect(message.attachments).not.toEqual([]);
    for (const { url } of message.attachments) expect(await secondsOf(url)).toBeCloseTo(10, 0);
  });

  test('reports no close match, with advice', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: newPiece(77) }));
    expect(headlineOf(message)).toMatch(/^(Sounds like|Nearest, but not close|Nothing close)/);
    if (!headlineOf(message).startsWith('Sounds')) expect(message.content).toMatch(/Try a longer or another part/);
  });

  test('is answered privately with the private option', async () => {
    const before = publicMessages(bot.discord).length;
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 1), private: true }));
    expect(isPrivate(message)).toBe(true);
    expect(publicMessages(bot.discord)).toHaveLength(before);
  });

  test('shows the requested number of results on a page', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 4, 0, 40), results: 2 }));
    expect(message.content).toContain('**2. ');
    expect(message.content).not.toContain('**3. ');
    expect(labelsOf(message)).toEqual(
      expect.arrayContaining(['Why?', expect.stringMatching(/^More \(3 to [34]\)$/), 'Share']),
    );
    expect(optionsOf(message, 'Listen to a piece').map(({ value }) => value)).toEqual(['1', '2']);
  });

  test('shows only the first piece and those with a match of 10 or more, numbered alike in the text and in Listen', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 2, 0, 40), results: 10 }));
    const matches = [...message.content.matchAll(/^\*\*\d+\. .+similar \((\d+)\)/gm)].map(([, match]) => Number(match));
    expect(matches.length).toBeGreaterThan(0);
    expect(matches.length).toBeLessThan(5);
    for (const match of matches) expect(match).toBeGreaterThanOrEqual(10);
    const ranks = [...message.content.matchAll(/^\*\*(\d+)\. /gm)].map(([, rank]) => rank);
    expect(ranks).toEqual(Array.from({ length: 1 + matches.length }, (_, i) => String(i + 1)));
    expect(optionsOf(message, 'Listen to a piece').map(({ value }) => value)).toEqual(ranks);
  });

  test('uses only the part between from and to', async () => {
    const clip = excerpt(library, 5, 0, 40);
    const message = await answerTo(await ada.slash('similar', { clip, from: '0:10', to: '0:30' }));
    expect(message.content).toMatch(/, 0:10 to 0:30: 2 chunks compared/);
    expect(headlineOf(message)).toMatch(/^This is piece-5/);
  });

  test('is answered in German for a German locale', async () => {
    const clip = excerpt(library, 3);
    const message = await answerTo(await ada.slash('similar', { clip, private: true }, { locale: 'de' }));
    expect(headlineOf(message)).toMatch(/^Das ist piece-3/);
    expect(message.content).toMatch(/deins/);
    expect(labelsOf(message)).toContain('Teilen');
  });
});

describe('/similar with a library track', () => {
  test('offers tracks by title, artist and file name', async () => {
    const names = async (typed: string) => (await ada.autocomplete('similar', 'piece', typed)).map(({ name }) => name);
    expect(await names('titled')).toEqual(['A Titled Piece - Somebody']);
    expect(await names('someb')).toEqual(['A Titled Piece - Somebody']);
    expect(await names('piece-4')).toEqual(['piece-4']);
    expect(await names('')).toHaveLength(6);
    expect(await names('no such thing')).toEqual([]);
  });

  test('queries with the chosen track, and excludes it from the results', async () => {
    const [choice] = await ada.autocomplete('similar', 'piece', 'titled');
    const message = await answerTo(await ada.slash('similar', { piece: String(choice?.value) }));
    const { content: description } = message;
    expect(description).toContain('Query: **A Titled Piece**');
    expect(description).not.toMatch(/^\*\*\d\. A Titled Piece/m);
    // How many tracks the nearest chunks belong to is the model's matter.
    expect(description).toContain('**1. ');
  });

  test('uses the best match for text typed without a choice', async () => {
    const message = await answerTo(await ada.slash('similar', { piece: 'somebody' }));
    expect(message.content).toContain('Query: **A Titled Piece**');
  });

  test('reports an unknown track', async () => {
    const failed = await failureOf(await ada.slash('similar', { piece: '**nothing** of the kind' }));
    expect(failed.content).toContain('is not in the library');
    expect(isPrivate(failed)).toBe(true);
  });
});

describe('/similar with a link', () => {
  test('follows a link to a Discord attachment', async () => {
    const posted = await ada.post(bot.discord.defaultChannelId, 'listen', [excerpt(library, 4)]);
    const message = await answerTo(await ada.slash('similar', { link: posted.attachments[0]?.url ?? '' }));
    expect(headlineOf(message)).toMatch(/^This is piece-4/);
  });

  test.each([
    'http://127.0.0.1:1/secret.mp3',
    'http://localhost:8080/a.mp3',
    'http://[::1]:8080/a.mp3',
    'http://[::ffff:127.0.0.1]:8080/a.mp3',
    'http://2130706433:8080/a.mp3',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.7/a.mp3',
  ])('fetches nothing from %s', async (link) => {
    const failed = await failureOf(await ada.slash('similar', { link }));
    expect(failed.content).toMatch(/public addresses|unusual ports/);
    expect(isPrivate(failed)).toBe(true);
  });

  test('refuses text that is no link, and links with a password', async () => {
    const said = async (link: string) => (await failureOf(await ada.slash('similar', { link }))).content;
    expect(await said('my favourite song')).toMatch(/http or https/);
    expect(await said('ftp://example.org/a.mp3')).toMatch(/http or https/);
    const refusal = await said('https://ada:hunter2@example.org/a.mp3');
    expect(refusal).toMatch(/user name or a password/);
    expect(refusal).not.toContain('hunter2');
  });
});

describe('/similar', () => {
  test.each([[{}], [{ link: 'https://example.org/a.mp3', piece: 'somebody' }]])(
    'wants exactly one of clip, link and piece, not %o',
    async (options) => {
      const failed = await failureOf(await ada.slash('similar', options));
      expect(failed.content).toContain('exactly one of **clip**, **link** and **piece**');
    },
  );
});

describe('several tracks of one artist', () => {
  const ofHand = (message: APIMessage) => message.content.match(/, Same Hand · /g)?.length ?? 0;

  beforeAll(async () => {
    for (const percent of [2, 4, 6]) {
      const faster = `asetrate=${Math.round(22_050 * (1 + percent / 100))},aresample=22050`;
      const source = `file:${path.join(library.music, 'piece-5.ogg')}`;
      const tags = ['-metadata', `title=Faster by ${percent}`, '-metadata', 'artist=Same Hand'];
      ffmpeg('-i', source, '-af', faster, ...tags, `file:${path.join(library.music, `faster-${percent}.mp3`)}`);
    }
    await bot.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
  });

  test('are limited to two in an answer', async () => {
    expect(ofHand(await answerTo(await ada.slash('similar', { clip: excerpt(library, 5) })))).toBe(2);
  });

  test('are all shown with same_artist', async () => {
    const message = await answerTo(await ada.slash('similar', { clip: excerpt(library, 5), same_artist: true }));
    expect(ofHand(message)).toBe(3);
  });
});
