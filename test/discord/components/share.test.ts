import { PermissionsBitField } from 'discord.js';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { ComponentParts } from '../../../src/discord/components/parts.ts';
import { shareHandlers } from '../../../src/discord/components/share.ts';
import type { ComponentInteraction } from '../../../src/discord/handler.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import type { Answer } from '../../../src/query/answer.ts';
import { toRow } from '../../../src/query/stored-answer.ts';
import { openCatalog } from '../../catalog/helpers.ts';
import { anyAnswer } from '../../support/answers.ts';

const [sample] = fc.sample(
  anyAnswer.filter(({ results }) => results.length > 0),
  { numRuns: 1, seed: 3 },
);
if (!sample) throw new Error('no answer was made');
const answer: Answer = sample;
const answerId = 'abcdefghij12';
const rank = String(answer.results[0]?.rank);
const options = {
  ...{ fromSec: null, toSec: null, results: 10, sameArtist: false },
  ...{ neighbours: 5, fusion: 'any', includeNonMusic: false, hubCorrection: true, leaveOut: null },
};

/** The handlers over a real catalog with one answer, beside a channel that takes everything, and a German in it. */
function setUp() {
  const { answers, shares, guildSettings } = openCatalog();
  const question = { contentSha256: 'a', spaceId: answer.spaceId, generation: answer.generation, askerId: '1' };
  answers.put(toRow({ id: answerId, ...question, options, source: { kind: 'clip', name: 'a.mp3' }, answer }));
  const send = vi.fn(async (_message: { readonly nonce: string }) => ({ id: '7' }));
  const channel = { isSendable: () => true, isThread: () => false, isTextBased: () => false, send };
  const clips = { theirs: import.meta.filename, yours: null, ab: null };
  const parts = {
    bot: {
      app: { catalog: { answers, shares, guildSettings, tracks: { live: (ids: number[]) => new Set(ids) } } },
      client: { channels: { fetch: async () => channel } },
      log: pino({ level: 'silent' }),
      texts: textsOf,
    },
    presenter: { clips: async () => clips, picture: async () => Buffer.alloc(9) },
  } as unknown as ComponentParts;
  const editReply = vi.fn(async (_message: unknown) => {});
  const interaction = {
    ...{ guildId: null, guildLocale: null, locale: 'de', channelId: '5', channel, editReply },
    ...{ user: { id: '1' }, message: { id: '7' } },
    appPermissions: new PermissionsBitField(PermissionsBitField.All),
    attachmentSizeLimit: 1e7,
    isStringSelectMenu: () => false,
  } as unknown as ComponentInteraction;
  const press = (action: string, ...args: string[]) =>
    shareHandlers(parts)
      .find((handler) => handler.action === action)
      ?.run(interaction, { action, args });
  return { shares, send, editReply, press };
}

test('in a direct conversation, which has no server, a find is shared in the language of its person', async () => {
  const { send, press } = setUp();
  await press('share-pick', answerId, rank);
  expect(JSON.stringify(send.mock.calls)).toContain('Gefunden von');
});

test('a post that could not be noted stands and is told, and the first vote notes it', async () => {
  const { shares, send, editReply, press } = setUp();
  vi.spyOn(shares, 'posted').mockImplementationOnce(() => {
    throw new Error('disk full');
  });
  await press('share-pick', answerId, rank);
  expect(JSON.stringify(editReply.mock.lastCall)).toContain('Geteilt in');
  const shareId = send.mock.lastCall?.[0].nonce ?? '';
  expect(shares.get(shareId)).toMatchObject({ messageId: null });
  await press('share-vote', shareId, 'up');
  expect(JSON.stringify(editReply.mock.lastCall)).toContain('👍 1');
  expect(shares.get(shareId)).toMatchObject({ messageId: '7' });
});

test('a find that could not be posted can be shared again', async () => {
  const { send, press } = setUp();
  send.mockRejectedValueOnce(new Error('Discord is away'));
  await expect(press('share-pick', answerId, rank)).rejects.toThrow('Discord is away');
  await press('share-pick', answerId, rank);
  expect(send).toHaveBeenCalledTimes(2);
});
