/** An answer on a phone's screen: the message as the bot builds it, with names as long as those of real music. */
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord } from '../../../local-discord/local-discord.ts';
import { buildPage, type PageBrowser, startBrowser } from '../../../local-discord/test/page/browser.ts';
import { answerReply } from '../../../src/discord/replies/answer.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { Answer, Result } from '../../../src/query/answer.ts';
import { asABot, newPiece } from '../bot/asking.ts';
import { hiddenParts } from './journey.ts';

const pieces: readonly (readonly [title: string, artist: string, match: number])[] = [
  ['Breaking the Chains', 'Mattias Westlund', 0.3],
  ['Over the Northern Mountains', 'Mattias Westlund', 0.2],
  ['Suspense', 'Ryan Reilly', 0.78],
  ['The Knolls of Doldesh', 'Timothy Pinkham', 0.22],
  ['Frantic', 'Stephen Rozanc', 0.12],
];

function resultOf(rank: number, [title, artist, match]: (typeof pieces)[number]): Result {
  const status = 'indexed' as const;
  return {
    rank,
    track: { id: rank, key: `${title}.ogg`, title, artist, album: null, durationSec: 300, status },
    ...{ score: 0.1, votes: 9, totalSimilarity: 5, agreeingChunks: 9, longestRunSec: 20, match },
    ...{ bestDistance: 0.6, meanDistance: 0.7, matchOfParts: { sound: match, harmony: 0.55 } },
    hits: [
      {
        ...{ queryChunk: 0, queryStartSec: 203, trackId: rank, trackStartSec: 200, durationSec: 10 },
        ...{ similarity: 0.4, distance: 0.6, match },
      },
    ],
  };
}

const chunk = { index: 0, startSec: 0, endSec: 10, overlapSec: 0, kind: 'music', loudnessDb: -20 } as const;
const answer: Answer = {
  query: {
    ...{ name: 'Legends of the North', durationSec: 213, fromSec: 0, toSec: 213 },
    chunks: Array.from({ length: 22 }, (_, index) => ({ ...chunk, index })),
  },
  ...{ spaceId: 'builtin@2.0.0/abc', generation: 'g1', fusion: 'parts', verdict: { kind: 'sounds-like' } },
  // More pieces than a page has, so that there is a button More.
  results: [...pieces, ...pieces].map((piece, i) => resultOf(i + 1, piece)),
  timingsMs: { decode: 1, embed: 1, search: 1, fuse: 1, clips: 0, total: 4 },
};

let discord: LocalDiscord;
let browser: PageBrowser;

beforeAll(async () => {
  discord = await startLocalDiscord({ page: await buildPage() });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await discord[Symbol.asyncDispose]();
});

/** As the bot sends it: in reply to the user, and as the edit of what showed the progress. */
async function sendAnswer(locale: string, repliedId: string): Promise<void> {
  const { name, data } = newPiece(1, 10, '01-breaking-the-chains-theirs-3m20.mp3');
  const clips = [{ rank: 1, kind: 'theirs' as const, path: `/clips/${name}`, sizeBytes: data.length }];
  const { content, components, files } = answerReply(textsOf(locale), {
    ...{ answerId: 'abcdefghij12', answer, page: 0, perPage: 5, clips, attachmentLimitBytes: 1e7, fromMemory: true },
  });
  const attachments = files?.map(({ name: filename, description }, id) => ({ id, filename, description }));
  const { id } = await send('POST', '', { content: 'Listening.', message_reference: { message_id: repliedId } });
  const file = new Blob([new Uint8Array(data)], { type: 'audio/mpeg' });
  await send('PATCH', `/${id}`, { content, components, attachments }, { name, file });
}

async function send(
  method: 'POST' | 'PATCH',
  below: string,
  body: object,
  attached?: { readonly name: string; readonly file: Blob },
): Promise<APIMessage> {
  const form = new FormData();
  form.set('payload_json', JSON.stringify(body));
  if (attached) form.set('files[0]', attached.file, attached.name);
  const url = `${discord.apiUrl}/v10/channels/${discord.defaultChannelId}/messages${below}`;
  const headers = { ...asABot, authorization: `Bot ${discord.token}` };
  return (await (await fetch(url, { method, headers, body: form })).json()) as APIMessage;
}

test.each([
  ['en-GB', 'Sounds like', 'More (6 to 10)'],
  ['de', 'Klingt wie', 'Mehr (6 bis 10)'],
] as const)('in %s, verdict, pieces, player and controls are on the screen at once', async (locale, verdict, more) => {
  const ada = discord.addUser({ name: 'Ada' });
  const asked = await ada.post(discord.defaultChannelId, 'what is like this?', []);
  await sendAnswer(locale, asked.id);
  await using phone = await browser.open(discord.url, ada.id, { viewport: 'phone', locale });
  const message = phone.message(verdict);
  await message.getByRole('button', { name: more }).waitFor();
  await phone.page.waitForLoadState('networkidle');
  expect(await message.getByRole('combobox').count()).toBe(3);
  expect(await hiddenParts(phone, message, 5)).toEqual([]);
  expect(await phone.overflowPx()).toBe(0);
});
