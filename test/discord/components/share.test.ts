import { PermissionsBitField } from 'discord.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComponentParts } from '../../../src/discord/components/parts.ts';
import { shareHandlers } from '../../../src/discord/components/share.ts';
import type { ComponentInteraction } from '../../../src/discord/handler.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';
import { toRow } from '../../../src/query/stored-answer.ts';
import { openCatalog } from '../../catalog/helpers.ts';
import { anyAnswer } from '../../support/answers.ts';

const [answer] = fc.sample(
  anyAnswer.filter(({ results }) => results.length > 0),
  { numRuns: 1, seed: 3 },
);
if (!answer) throw new Error('no answer was made');
const answerId = 'abcdefghij12';
const options = {
  ...{ fromSec: null, toSec: null, results: 10, sameArtist: false },
  ...{ neighbours: 5, fusion: 'any', includeNonMusic: false, leaveOut: null },
};

test('in a direct conversation, which has no server, a find is shared in the language of its person', async () => {
  const { answers, shares, guildSettings } = openCatalog();
  const question = { contentSha256: 'a', spaceId: answer.spaceId, generation: answer.generation, askerId: '1' };
  answers.put(toRow({ id: answerId, ...question, options, source: { kind: 'clip', name: 'a.mp3' }, answer }));
  const sent: unknown[] = [];
  const channel = {
    isSendable: () => true,
    isThread: () => false,
    send: async (message: unknown) => {
      sent.push(message);
      return { id: '7' };
    },
  };
  const clips = { theirs: import.meta.filename, yours: null, ab: null };
  const parts = {
    bot: {
      app: { catalog: { answers, shares, guildSettings, tracks: { live: (ids: number[]) => new Set(ids) } } },
      client: { channels: { fetch: async () => channel } },
      texts: textsOf,
    },
    presenter: { clips: async () => clips, picture: async () => Buffer.alloc(9) },
  } as unknown as ComponentParts;
  const interaction = {
    ...{ guildId: null, guildLocale: null, locale: 'de', channelId: '5', channel, user: { id: '1' } },
    appPermissions: new PermissionsBitField(PermissionsBitField.All),
    attachmentSizeLimit: 1e7,
    isStringSelectMenu: () => false,
    editReply: async () => {},
  } as unknown as ComponentInteraction;
  const handler = shareHandlers(parts).find(({ action }) => action === 'share-pick');
  const rank = String(answer.results[0]?.rank);
  await handler?.run(interaction, { action: 'share-pick', args: [answerId, rank] });
  expect(JSON.stringify(sent)).toContain('Gefunden von');
});
