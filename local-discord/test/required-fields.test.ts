/** Responses have the fields that Discord's published description requires.
 *  required-fields.ts has its lists. */
import { ComponentType as C, MessageFlags } from 'discord.js';
import { expect, test } from 'vitest';
import { startTestBot } from './bot.ts';
import { required } from './required-fields.ts';

type Schema = keyof typeof required;
type Answer = Readonly<Record<string, never>>;

function expectAll(schema: Schema, answer: unknown): void {
  expect(answer, schema).toBeTypeOf('object');
  expect(
    required[schema].filter((field) => !(field in (answer as object))),
    schema,
  ).toEqual([]);
}

async function withBot() {
  const bot = await startTestBot();
  const { discord, client } = bot;
  const get = async (path: string) => (await client.rest.get(path as `/${string}`)) as Answer;
  const post = async (path: string, body: object, files: { name: string; data: Buffer }[] = []) =>
    (await client.rest.post(path as `/${string}`, { body, files })) as Answer;
  const messages = `/channels/${discord.defaultChannelId}/messages`;
  return { ...bot, get, post, messages, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

test.each<[Schema, (ids: Readonly<Record<'guild' | 'channel' | 'ada', string>>) => string]>([
  ['UserPIIResponse', () => '/users/@me'],
  ['UserResponse', ({ ada }) => `/users/${ada}`],
  ['PrivateApplicationResponse', () => '/applications/@me'],
  ['GatewayBotResponse', () => '/gateway/bot'],
  ['GuildWithCountsResponse', ({ guild }) => `/guilds/${guild}`],
  ['GuildMemberResponse', ({ guild, ada }) => `/guilds/${guild}/members/${ada}`],
  ['GuildChannelResponse', ({ channel }) => `/channels/${channel}`],
])('a %s has all required fields', async (schema, pathOf) => {
  await using given = await withBot();
  const { defaultGuildId: guild, defaultChannelId: channel } = given.discord;
  expectAll(schema, await given.get(pathOf({ guild, channel, ada: given.ada.id })));
});

test('servers, roles and users within others have all required fields', async () => {
  await using given = await withBot();
  const { get, discord, ada } = given;
  const guilds = (await get('/users/@me/guilds')) as unknown as Answer[];
  const roles = (await get(`/guilds/${discord.defaultGuildId}/roles`)) as unknown as Answer[];
  expectAll('MyGuildResponse', guilds[0]);
  expectAll('GuildRoleResponse', roles[0]);
  expectAll('UserResponse', (await get(`/guilds/${discord.defaultGuildId}/members/${ada.id}`)).user);
  expectAll('UserResponse', (await get('/applications/@me')).owner);
});

test('messages with minimal embeds, files, buttons and selects have all required fields', async () => {
  await using given = await withBot();
  const row = (component: object) => ({ type: C.ActionRow, components: [component] });
  const body = {
    embeds: [{ fields: [{ name: 'n', value: 'v' }], title: null, image: { url: 'attachment://a.png' } }],
    components: [
      row({ type: C.Button, style: 1, label: 'x', custom_id: 'b' }),
      row({ type: C.StringSelect, custom_id: 's', options: [{ label: 'a', value: 'a', emoji: null }] }),
      row({ type: C.UserSelect, custom_id: 'u', placeholder: null }),
    ],
  };
  const files = ['a.png', 'b.txt'].map((name) => ({ name, data: Buffer.from('x') }));
  const message = (await given.post(given.messages, body, files)) as Record<string, never>;
  expectAll('MessageResponse', message);
  expectAll('UserResponse', message.author);
  const [embed] = message.embeds as unknown as { fields: object[] }[];
  expectAll('MessageEmbedFieldResponse', embed?.fields[0]);
  expect(embed).not.toHaveProperty('title');
  expectAll('MessageAttachmentResponse', message.attachments?.[0]);
  const [button, words, people] = (message.components as unknown as { components: object[] }[]).map(
    (each) => each.components[0],
  );
  expectAll('ButtonComponentResponse', button);
  expectAll('StringSelectComponentResponse', words);
  expectAll('UserSelectComponentResponse', people);
  expect(people).not.toHaveProperty('placeholder');
});

test('components of version 2 have all required fields', async () => {
  await using given = await withBot();
  const media = { url: 'https://example.com/a.png' };
  const inside = [
    { type: C.Section, components: [{ type: C.TextDisplay, content: 'x' }], accessory: { type: C.Thumbnail, media } },
    { type: C.MediaGallery, items: [{ media }] },
    { type: C.Separator },
    { type: C.File, file: { url: 'attachment://b.txt' } },
  ];
  const body = { flags: MessageFlags.IsComponentsV2, components: [{ type: C.Container, components: inside }] };
  const message = await given.post(given.messages, body, [{ name: 'b.txt', data: Buffer.from('x') }]);
  const [container] = message.components as unknown as { components: Record<string, never>[] }[];
  const [section, gallery, separator, file] = container?.components ?? [];
  expectAll('ContainerComponentResponse', container);
  expectAll('ThumbnailComponentResponse', section?.accessory);
  expectAll('MediaGalleryItemResponse', gallery?.items?.[0]);
  expectAll('SeparatorComponentResponse', separator);
  expectAll('FileComponentResponse', file);
  expectAll('UnfurledMediaResponse', file?.file);
});

test('threads, direct messages and forwards have all required fields', async () => {
  await using given = await withBot();
  const { post, discord, ada, messages } = given;
  const asked = await ada.post(discord.defaultChannelId, 'x');
  expectAll('ThreadResponse', await post(`${messages}/${asked.id}/threads`, { name: 'Talk' }));
  const direct = await post('/users/@me/channels', { recipient_id: ada.id });
  expectAll('PrivateChannelResponse', direct);
  expectAll('UserResponse', direct.recipients?.[0]);
  const reference = { type: 1, message_id: asked.id, channel_id: discord.defaultChannelId };
  const forwarded = (await post(messages, { message_reference: reference })) as Record<string, never>;
  const [snapshot] = forwarded.message_snapshots as unknown as { message: object }[];
  expectAll('MinimalContentMessageResponse', snapshot?.message);
});
