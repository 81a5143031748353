import { ApplicationCommandOptionType, ComponentType, Events, MessageFlags } from 'discord.js';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { PageEvent, PageInteraction, PageMessage, PageState } from '../page-protocol.ts';
import { startTestBot } from './bot.ts';

/** A user's page: its requests and events. */
class Page {
  readonly told: PageEvent[] = [];
  readonly #url: string;
  readonly #userId: string;
  readonly #socket: WebSocket;

  constructor(url: string, userId: string) {
    this.#url = url;
    this.#userId = userId;
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/page/events?user=${userId}`);
    this.#socket.on('message', (data) => this.told.push(JSON.parse(String(data))));
    opened.push(this.#socket);
  }

  async open() {
    await new Promise((resolve) => this.#socket.once('open', resolve));
    return this;
  }

  async get<T>(path: string): Promise<T> {
    return (await fetch(this.#at(path))).json() as Promise<T>;
  }

  async post(path: string, json: unknown, files: readonly { name: string; data: string; type: string }[] = []) {
    const form = new FormData();
    form.set('payload_json', JSON.stringify(json));
    for (const [n, { name, data, type }] of files.entries()) form.set(`files[${n}]`, new File([data], name, { type }));
    const response = await fetch(this.#at(path), { method: 'POST', body: form });
    const body = (await response.json()) as PageMessage & { id: string };
    return { status: response.status, body };
  }

  types() {
    return this.told.map(({ type }) => type);
  }

  #at(path: string): string {
    return `${this.#url}/page${path}?user=${this.#userId}`;
  }
}

const opened: WebSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.terminate();
});

const clip = {
  type: ApplicationCommandOptionType.Attachment,
  name: 'clip',
  description: 'A clip',
  file_types: ['audio'],
};
const piece = { type: ApplicationCommandOptionType.String, name: 'piece', description: 'A piece', autocomplete: true };

async function withPage() {
  const bot = await startTestBot();
  const { discord, ada } = bot;
  await bot.onCommand({ name: 'similar', options: [clip, piece] as never }, async (interaction) => {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    const more = { type: ComponentType.Button, style: 1, label: 'More', custom_id: 'more' };
    await interaction.editReply({
      content: interaction.options.getAttachment('clip')?.name ?? 'no clip',
      components: [{ type: ComponentType.ActionRow, components: [more] }] as never,
    });
  });
  const page = await new Page(discord.url, ada.id).open();
  const state = await page.get<PageState>('/state');
  const commandId = state.commands[0]?.id ?? '';
  const where = { channelId: discord.defaultChannelId, locale: 'de' };
  return { bot, discord, ada, page, state, commandId, where, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe('the page', () => {
  test('loads the users, servers and channels', async () => {
    await using given = await withPage();
    given.discord.addUser({ name: 'Eve' });
    const state = await given.page.get<PageState>('/state');
    expect(state.me).toEqual({ id: given.ada.id, name: 'Ada', isBot: false });
    expect(state.users.map(({ name }) => name)).toEqual(['Leitmotif', 'Ada', 'Eve']);
    expect(state.guilds).toMatchObject([{ name: 'Local server', channels: [{ name: 'general' }] }]);
    expect(state.commands).toMatchObject([{ name: 'similar', options: [{ name: 'clip', file_types: ['audio'] }, {}] }]);
    expect(state.botOnline).toBe(true);
  });

  test('sends a command with its file, and receives the private answer', async () => {
    await using given = await withPage();
    const { page, commandId, where, discord } = given;
    const eve = await new Page(discord.url, discord.addUser({ name: 'Eve' }).id).open();
    const options = [{ name: 'clip', type: ApplicationCommandOptionType.Attachment, value: 0 }];
    const file = { name: 'song.mp3', data: 'mp3', type: 'audio/mpeg' };
    const body: PageInteraction = { kind: 'chat-command', commandId, options, ...where };
    const sent = await page.post('/interactions', body, [file]);
    await expect.poll(() => page.types()).toEqual(['message-created', 'interaction-answered', 'message-updated']);
    expect(page.told[1]).toEqual({ type: 'interaction-answered', interactionId: sent.body.id });
    expect(page.told[2]).toMatchObject({ message: { content: 'song.mp3', flags: MessageFlags.Ephemeral } });
    expect(await page.get<PageMessage[]>(`/channels/${where.channelId}/messages`)).toHaveLength(1);
    expect(eve.told).toEqual([]);
  });

  test('presses a button and receives that nobody answered', async () => {
    await using given = await withPage();
    const { page, commandId, where, discord } = given;
    await page.post('/interactions', { kind: 'chat-command', commandId, options: [], ...where });
    await expect.poll(() => page.types()).toContain('message-updated');
    const [message] = await page.get<PageMessage[]>(`/channels/${where.channelId}/messages`);
    const press = { kind: 'component', messageId: message?.id, customId: 'more', componentType: 2, ...where };
    const { body } = await page.post('/interactions', press);
    discord.advance(3000);
    const failed = { type: 'interaction-failed', interactionId: body.id, messageId: message?.id };
    await expect.poll(() => page.told.at(-1)).toEqual(failed);
  });

  test('offers choices by autocompletion', async () => {
    await using given = await withPage();
    const { page, commandId, where, bot } = given;
    bot.client.on(Events.InteractionCreate, async (interaction) => {
      if (interaction.isAutocomplete()) await interaction.respond([{ name: interaction.locale, value: 'x' }]);
    });
    const options = [{ name: 'piece', type: ApplicationCommandOptionType.String, value: 'a' }];
    const { body } = await page.post('/autocomplete', { commandId, options, focused: 'piece', ...where });
    expect(body).toEqual({ choices: [{ name: 'de', value: 'x' }] });
  });

  test('posts a message, which everyone in the channel receives', async () => {
    await using given = await withPage();
    const { page, where, discord } = given;
    const eve = await new Page(discord.url, discord.addUser({ name: 'Eve' }).id).open();
    const file = { name: 'a.ogg', data: 'ogg', type: 'audio/ogg' };
    const { body } = await page.post(`/channels/${where.channelId}/messages`, { content: 'Hear' }, [file]);
    expect(body).toMatchObject({ content: 'Hear', attachments: [{ filename: 'a.ogg', content_type: 'audio/ogg' }] });
    await expect.poll(() => eve.told).toMatchObject([{ type: 'message-created', message: { content: 'Hear' } }]);
    discord.deleteMessage(where.channelId, body.id);
    await expect.poll(() => eve.types()).toEqual(['message-created', 'message-deleted']);
  });

  test('receives changes of commands and of the bot’s status', async () => {
    await using given = await withPage();
    await given.bot.client.application.commands.set([]);
    await given.bot.client.destroy();
    await expect
      .poll(() => given.page.told)
      .toEqual([{ type: 'commands-changed' }, { type: 'bot-status', online: false }]);
  });

  test.each([
    ['a command that there is not', 404, '/interactions', { kind: 'chat-command', commandId: '1', options: [] }],
    ['a message that is empty', 400, '/channels/CHANNEL/messages', { content: '' }],
    ['a kind that there is not', 400, '/interactions', { kind: 'dance' }],
  ])('is refused %s, in words', async (_, status, path, json) => {
    await using given = await withPage();
    const { page, where } = given;
    const answer = await page.post(path.replace('CHANNEL', where.channelId), { ...json, ...where });
    expect(answer).toEqual({ status, body: { message: expect.stringMatching(/\w+/) } });
  });

  test('without a user is refused', async () => {
    await using given = await withPage();
    const stranger = await new Page(given.discord.url, '111111111111111111').open();
    expect(await stranger.get('/state')).toEqual({ message: 'There is no such person.' });
  });
});
