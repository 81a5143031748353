import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ChannelType, GuildPremiumTier, PermissionFlagsBits, PermissionsBitField } from 'discord.js';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
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
  ...{ fromSec: null, toSec: null, results: 10, sameArtist: false, focus: 'balanced' as const },
  ...{ neighbours: 5, fusion: 'any', includeNonMusic: false, hubCorrection: true, leaveOut: null, minMatch: 10 },
};

interface SetUp {
  readonly channelType?: ChannelType;
  readonly rights?: bigint;
  readonly guildId?: string;
  readonly premiumTier?: GuildPremiumTier;
  readonly attachmentSizeLimit?: number;
  readonly clipBytes?: number;
}

function clipOf(bytes: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-share-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'theirs.mp3');
  writeFileSync(file, Buffer.alloc(bytes));
  return file;
}

/** The handlers over a real catalog with one answer, a channel that accepts every post, and a German user. */
function setUp({ channelType = ChannelType.DM, rights = PermissionsBitField.All, ...changes }: SetUp = {}) {
  const guilds = new Map([['9', { premiumTier: changes.premiumTier ?? 0 }]]);
  const clipPath = clipOf(changes.clipBytes ?? 9);
  const { answers, shares, guildSettings } = openCatalog();
  const question = { contentSha256: 'a', spaceId: answer.spaceId, generation: answer.generation, askerId: '1' };
  answers.put(toRow({ id: answerId, ...question, options, source: { kind: 'clip', name: 'a.mp3' }, answer }));
  const send = vi.fn(async (_message: { readonly nonce: string }) => ({ id: '7' }));
  const channel = { isSendable: () => true, isThread: () => false, isTextBased: () => false, send };
  const clips = { theirs: clipPath, yours: null, ab: null };
  const parts = {
    bot: {
      catalog: { answers, shares, guildSettings, tracks: { live: (ids: number[]) => new Set(ids) } },
      client: { channels: { fetch: async () => channel }, guilds: { cache: guilds } },
      payloads: { channelType: () => channelType },
      log: pino({ level: 'silent' }),
      texts: textsOf,
    },
    presenter: { clips: async () => clips, picture: async () => Buffer.alloc(9) },
  } as unknown as ComponentParts;
  const editReply = vi.fn(async (_message: unknown) => {});
  const interaction = {
    ...{ guildId: changes.guildId ?? null, guildLocale: null, locale: 'de', channelId: '5', channel, editReply },
    ...{ user: { id: '1' }, message: { id: '7' } },
    appPermissions: new PermissionsBitField(rights),
    attachmentSizeLimit: changes.attachmentSizeLimit ?? 1e7,
    isStringSelectMenu: () => false,
  } as unknown as ComponentInteraction;
  const press = (action: string, ...args: string[]) =>
    shareHandlers(parts)
      .find((handler) => handler.action === action)
      ?.run(interaction, { action, args });
  return { shares, send, editReply, press };
}

test("shares a result in a direct message in the user's language", async () => {
  const { send, press } = setUp();
  await press('share-pick', answerId, rank);
  expect(JSON.stringify(send.mock.calls)).toContain('Gefunden von');
});

test('confirms a post whose message id could not be stored, and stores the id at the first vote', async () => {
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

test('a result that could not be posted can be shared again', async () => {
  const { send, press } = setUp();
  send.mockRejectedValueOnce(new Error('Discord is away'));
  await expect(press('share-pick', answerId, rank)).rejects.toThrow('Discord is away');
  await press('share-pick', answerId, rank);
  expect(send).toHaveBeenCalledTimes(2);
});

describe('a result is shared', () => {
  const { EmbedLinks, AttachFiles, ViewChannel, SendMessagesInThreads } = PermissionFlagsBits;

  test('from an old button in a direct message, where Discord reports no view permission', async () => {
    const { send, press } = setUp({ rights: EmbedLinks | AttachFiles });
    await press('share-pick', answerId, rank);
    expect(send).toHaveBeenCalledOnce();
  });

  test('in a thread that is not cached, with the permission to send in threads', async () => {
    const channelType = ChannelType.PublicThread;
    const { send, press } = setUp({
      ...{ guildId: '9', channelType },
      rights: ViewChannel | SendMessagesInThreads | EmbedLinks | AttachFiles,
    });
    await press('share-pick', answerId, rank);
    expect(send).toHaveBeenCalledOnce();
  });

  test.each([
    [GuildPremiumTier.None, 9, true],
    [GuildPremiumTier.None, 11, false],
    [GuildPremiumTier.Tier1, 11, false],
    [GuildPremiumTier.Tier2, 11, true],
    [GuildPremiumTier.Tier3, 11, true],
  ])('by the limit of its server, not of its presser: tier %i, a clip of %i MiB', async (premiumTier, mib, fits) => {
    const clipBytes = mib * 1024 * 1024;
    const nitro = { guildId: '9', attachmentSizeLimit: 500e6 };
    const { send, press } = setUp({ ...nitro, channelType: ChannelType.GuildText, premiumTier, clipBytes });
    await press('share-pick', answerId, rank);
    const [sent] = send.mock.lastCall ?? [];
    const { files } = sent as unknown as { files: readonly { name: string }[] };
    expect(files.some(({ name }) => name.endsWith('.mp3'))).toBe(fits);
  });
});
