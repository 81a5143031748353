/** Audio in messages: payloads from Discord's documentation, through the real discord.js. */
import {
  type APIMessage,
  ApplicationCommandType,
  ChannelType,
  Client,
  Events,
  type Interaction,
  InteractionType,
} from 'discord.js';
import { describe, expect, test, vi } from 'vitest';
import { findSimilarMusicCommand } from '../../../commands/find-similar-music.ts';
import type { Question } from '../../../src/answering/question.ts';
import type { BotContext } from '../../../src/discord/bot-context.ts';
import { Payloads } from '../../../src/discord/payloads.ts';
import { messageOfPayload, sourcesInMessage } from '../../../src/discord/queries/message-audio.ts';
import type { QueryRunner } from '../../../src/discord/queries/query-runner.ts';
import { textsOf } from '../../../src/discord/texts/texts.ts';

const [channelId, userId] = ['22222222222222222', '33333333333333333'];
const author = { id: userId, username: 'ada', discriminator: '0', avatar: null, global_name: 'Ada' };
let nextId = 44444444444444444n;

const file = (filename: string, content_type?: string) => {
  const url = `https://cdn.discordapp.com/attachments/1/2/${filename}?ex=1&hm=2`;
  return { id: String(nextId++), filename, size: 9, url, proxy_url: url, ...(content_type ? { content_type } : {}) };
};

const message = (changes: object = {}) =>
  ({
    ...{
      id: String(nextId++),
      channel_id: channelId,
      author,
      content: '',
      timestamp: '2026-08-01T00:00:00.000000+00:00',
    },
    ...{
      edited_timestamp: null,
      tts: false,
      mention_everyone: false,
      mentions: [],
      mention_roles: [],
      attachments: [],
    },
    ...{ embeds: [], components: [], pinned: false, type: 0, flags: 0, ...changes },
  }) as unknown as APIMessage;

const forwarding = (...snapshots: object[]) =>
  message({
    message_reference: { type: 1, message_id: String(nextId++), channel_id: channelId },
    flags: 1 << 14,
    message_snapshots: snapshots.map((changes) => {
      const { id: _, author: __, ...snapshot } = message(changes);
      return { message: snapshot };
    }),
  });

const fileComponent = (name: string | null, content_type = 'audio/mpeg', url = file(name ?? 'x.mp3').url) => ({
  ...{ type: 13, id: 1, spoiler: false, name, size: 7 },
  file: { id: '1', url, proxy_url: url, content_type, attachment_id: '1' },
});

const replying = (to: APIMessage | null, changes: object = {}) =>
  message({
    type: 19,
    message_reference: { message_id: '1', channel_id: channelId },
    referenced_message: to,
    ...changes,
  });

/** The source that the menu command uses for this message, or the choices that it offers. */
async function askedWith(target: APIMessage): Promise<string[]> {
  const client = new Client({ intents: [] });
  const payloads = new Payloads(client);
  const payload = {
    ...{ id: String(nextId++), application_id: '1', type: InteractionType.ApplicationCommand, token: 't', version: 1 },
    ...{
      channel_id: channelId,
      channel: { id: channelId, type: ChannelType.GuildText },
      user: author,
      locale: 'en-US',
    },
    ...{ app_permissions: '8', entitlements: [], authorizing_integration_owners: {}, attachment_size_limit: 1e7 },
    data: {
      ...{ id: '5', name: 'Find similar music', type: ApplicationCommandType.Message, target_id: target.id },
      resolved: { messages: { [target.id]: target } },
    },
  };
  const came = new Promise<Interaction>((resolve) => client.once(Events.InteractionCreate, resolve));
  client.ws.emit('INTERACTION_CREATE', payload as never);
  (
    client as unknown as { actions: { InteractionCreate: { handle(data: object): void } } }
  ).actions.InteractionCreate.handle(payload);
  const interaction = await came;
  if (!interaction.isMessageContextMenuCommand()) throw new Error('Expected the menu of a message');
  const asked: string[] = [];
  const runner = { run: async (_: unknown, question: Question) => void asked.push(nameOf(question.asked)) };
  const choices = vi.fn(async (choice: { readonly embeds: readonly { title?: string }[] }) => {
    asked.push(...choice.embeds.map(({ title }) => title ?? ''));
  });
  Object.assign(interaction, { deleteReply: async () => {}, followUp: choices, editReply: choices });
  const catalog = { guildSettings: { get: () => ({ private: false, results: null }) } };
  const bot = { catalog, client, payloads, texts: textsOf, config: { discord: {} } } as unknown as BotContext;
  await findSimilarMusicCommand(bot, runner as unknown as QueryRunner).run(interaction);
  await client.destroy();
  return asked;
}

function nameOf(asked: Question['asked']): string {
  return 'name' in asked ? asked.name : 'url' in asked ? asked.url : asked.kind;
}

describe('"Find similar music" queries with', () => {
  test('a recording of the message itself, whatever it replies to', async () => {
    const target = replying(message({ attachments: [file('theirs.mp3')] }), { attachments: [file('own.mp3')] });
    expect(await askedWith(target)).toEqual(['own.mp3']);
  });

  test('a recording of the message that is forwarded', async () => {
    expect(await askedWith(forwarding({ attachments: [file('forwarded.mp3', 'audio/mpeg')] }))).toEqual([
      'forwarded.mp3',
    ]);
  });

  test('a File component, also within a container, and within what is forwarded', async () => {
    expect(await askedWith(message({ components: [fileComponent('shown.mp3')], flags: 1 << 15 }))).toEqual([
      'shown.mp3',
    ]);
    const container = {
      type: 17,
      id: 1,
      accent_color: null,
      spoiler: false,
      components: [fileComponent('inside.ogg')],
    };
    expect(await askedWith(message({ components: [container] }))).toEqual(['inside.ogg']);
    expect(await askedWith(forwarding({ components: [container] }))).toEqual(['inside.ogg']);
  });

  test('a recording, a forward or a File of the message that it replies to', async () => {
    expect(await askedWith(replying(message({ attachments: [file('replied.mp3')] })))).toEqual(['replied.mp3']);
    expect(await askedWith(replying(forwarding({ attachments: [file('far.mp3')] })))).toEqual(['far.mp3']);
    expect(await askedWith(replying(message({ components: [fileComponent('shown.mp3')] })))).toEqual(['shown.mp3']);
  });

  test('a recording of the replied message rather than a link in the text', async () => {
    const words = { content: 'like https://example.org/a.mp3' };
    expect(await askedWith(replying(message({ attachments: [file('replied.mp3')] }), words))).toEqual(['replied.mp3']);
  });

  test('a link of the forwarded or replied message, when there is no recording', async () => {
    const content = 'https://example.org/b.mp3';
    expect(await askedWith(forwarding({ content }))).toEqual([content]);
    expect(await askedWith(replying(message({ content })))).toEqual([content]);
  });

  test('a choice of all recordings in the message, in order, each once', async () => {
    const both = file('both.mp3', 'audio/mpeg');
    const target = message({
      ...forwarding({ attachments: [file('second.ogg', 'audio/ogg')] }),
      attachments: [both, file('cover.png', 'image/png')],
      components: [
        fileComponent('both.mp3', 'audio/mpeg', both.url.replace('hm=2', 'hm=3')),
        fileComponent('third.mp3'),
      ],
    });
    expect(await askedWith(target)).toEqual(['1. both.mp3', '2. second.ogg', '3. third.mp3']);
  });

  test('nothing when the replied message is deleted', async () => {
    await expect(askedWith(replying(null))).rejects.toMatchObject({ facts: { problem: 'message-without-audio' } });
  });
});

describe('a File component', () => {
  const asked = (...components: object[]) => sourcesInMessage(messageOfPayload(message({ components })));

  test('without a name is named after its link', () => {
    const url = 'https://cdn.discordapp.com/attachments/1/2/a%20song.mp3?ex=1';
    expect(asked(fileComponent(null, 'audio/mpeg', url))).toEqual([
      { kind: 'clip', url, name: 'a song.mp3', sizeBytes: 7 },
    ]);
  });

  test("that is no recording is skipped, as are a gallery's pictures, but not its videos", () => {
    const media = (name: string, content_type: string) => ({ media: { url: file(name).url, content_type } });
    const gallery = { type: 12, id: 3, items: [media('a.png', 'image/png'), media('b.mp4', 'video/mp4')] };
    expect(asked(fileComponent('notes.pdf', 'application/pdf'), gallery).map(nameOf)).toEqual(['b.mp4']);
  });
});
