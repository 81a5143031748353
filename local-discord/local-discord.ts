/** A Discord that runs on this machine. README.md beside this file says what it holds a bot to. */
import websocket from '@fastify/websocket';
import { type APIMessage, OverwriteType, PermissionFlagsBits } from 'discord-api-types/v10';
import Fastify, { type FastifyInstance } from 'fastify';
import { api } from './server/api.ts';
import type { Call, Refusal } from './server/call-log.ts';
import { cdn } from './server/cdn.ts';
import { buildCore, type Core, type CoreOptions } from './server/core.ts';
import type { Faults } from './server/faults.ts';
import { pageApi, pageFiles } from './server/page.ts';
import { isVisible } from './server/people.ts';
import { everyonePermissions } from './server/permissions.ts';
import { Person } from './server/person.ts';
import type { Channel, Guild } from './server/world.ts';

export { Interaction } from './server/interaction-handle.ts';
export { type FileToUpload, fileToUpload, type OptionValue, Person, type Where } from './server/person.ts';
export { RefusedByClient } from './server/refused-by-client.ts';

const mib = 1024 * 1024;

export interface LocalDiscordOptions extends Partial<CoreOptions> {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** The folder of the built page, served at /. */
  readonly page?: string;
}

export interface Bits {
  readonly allow?: bigint;
  readonly deny?: bigint;
}

/** Listens on loopback. One server with the channel #general, the bot in it with a bot's usual rights, and nobody else. */
export async function startLocalDiscord(options: LocalDiscordOptions = {}): Promise<LocalDiscord> {
  const app = Fastify({ bodyLimit: 30 * mib, forceCloseConnections: true });
  let url = '';
  const core = await buildCore(
    {
      seed: options.seed ?? 1,
      attachmentSizeLimitBytes: options.attachmentSizeLimitBytes ?? 10 * mib,
      token: options.token ?? 'local.discord.token',
      acceptAnyToken: options.acceptAnyToken ?? false,
      botName: options.botName ?? 'Leitmotif',
      privilegedIntents: options.privilegedIntents ?? 0,
      shards: options.shards ?? 1,
    },
    () => url,
  );
  await app.register(websocket, { options: { maxPayload: mib } });
  await app.register(async (scope) => api(scope, core), { prefix: '/api/v10' });
  await app.register(async (scope) => pageApi(scope, core), { prefix: '/page' });
  await app.register(async (scope) => cdn(scope, core));
  await app.register(async (scope) => {
    scope.get('/gateway', { websocket: true }, (socket) => core.gateway.accept(socket));
  });
  const { page } = options;
  if (page !== undefined) await app.register(async (scope) => pageFiles(scope, page));
  url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return new LocalDiscord(app, core, url);
}

export class LocalDiscord implements AsyncDisposable {
  readonly url: string;
  /** For `new Client({ rest: { api } })`. */
  readonly apiUrl: string;
  readonly token: string;
  readonly applicationId: string;
  readonly botUserId: string;
  readonly defaultGuildId: string;
  readonly defaultChannelId: string;
  /** Of REST and the CDN. */
  readonly faults: Faults;
  readonly #app: FastifyInstance;
  readonly #core: Core;

  constructor(app: FastifyInstance, core: Core, url: string) {
    this.#app = app;
    this.#core = core;
    this.url = url;
    this.apiUrl = `${url}/api`;
    this.token = core.options.token;
    this.applicationId = core.applicationId;
    this.botUserId = core.botId;
    this.faults = core.faults;
    this.defaultGuildId = this.addGuild({ name: 'Local server' });
    this.defaultChannelId = this.addChannel(this.defaultGuildId, { name: 'general' });
  }

  /** What the bot called, oldest first. */
  get log(): readonly Call[] {
    return this.#core.log.calls;
  }

  /** What Discord would have refused, and was refused here: 4xx that no fault made. */
  get violations(): readonly Refusal[] {
    return this.#core.log.refusals;
  }

  get botOnline(): boolean {
    return this.#core.gateway.online;
  }

  /** A member of a server, the default one unless told.
   *  @param body.permissions on top of those of @everyone */
  addUser(body: {
    readonly name: string;
    readonly permissions?: bigint;
    readonly admin?: boolean;
    readonly locale?: string;
    readonly guildId?: string;
  }): Person {
    const { ids, world } = this.#core;
    const { name, permissions = 0n, admin = false, locale = 'en-US', guildId = this.defaultGuildId } = body;
    const id = ids.next();
    world.users.set(id, { id, name, isBot: false, locale });
    this.#join(this.#guild(guildId), id, name, permissions | (admin ? PermissionFlagsBits.Administrator : 0n));
    const channelId = guildId === this.defaultGuildId ? this.defaultChannelId : this.#firstChannel(guildId);
    return new Person(this.#core, id, channelId);
  }

  /** @returns its id; the bot and everyone of `members` are in it
   *  @param body.botPermissions of the bot's role, on top of @everyone's */
  addGuild(body: {
    readonly name: string;
    readonly locale?: string;
    readonly members?: readonly Person[];
    readonly botPermissions?: bigint;
  }): string {
    const { ids, world, botId, ownerId, happenings } = this.#core;
    const id = ids.next();
    const everyone = { id, name: '@everyone', permissions: everyonePermissions };
    const guild: Guild = {
      id,
      name: body.name,
      ownerId,
      locale: body.locale ?? 'en-US',
      channels: new Map(),
      roles: new Map([[id, everyone]]),
      members: new Map([[ownerId, []]]),
    };
    world.guilds.set(id, guild);
    this.#join(guild, botId, 'bot', body.botPermissions ?? 0n);
    for (const person of body.members ?? []) guild.members.set(person.id, []);
    happenings.tell({ type: 'guild-created', guild });
    return id;
  }

  /** @returns its id */
  addChannel(guildId: string, body: { readonly name: string; readonly botPermissions?: Bits }): string {
    const { ids, happenings, botId } = this.#core;
    const channel: Channel = {
      id: ids.next(),
      guildId,
      name: body.name,
      overwrites: new Map(),
      messages: new Map(),
    };
    this.#guild(guildId).channels.set(channel.id, channel);
    if (body.botPermissions) channel.overwrites.set(botId, overwrite(OverwriteType.Member, body.botPermissions));
    happenings.tell({ type: 'channel-created', channel });
    return channel.id;
  }

  /** Replaces what a channel allows and denies someone; nothing named takes it back.
   *  @param who a person's id, 'bot' or 'everyone' */
  setPermissions(channelId: string, who: string, bits: Bits): void {
    const channel = this.#core.world.channel(channelId);
    if (!channel) throw new RangeError(`Cannot set permissions: there is no channel ${channelId}`);
    if (who === 'everyone') channel.overwrites.set(channel.guildId, overwrite(OverwriteType.Role, bits));
    else channel.overwrites.set(who === 'bot' ? this.botUserId : who, overwrite(OverwriteType.Member, bits));
    this.#core.happenings.tell({ type: 'channel-updated', channel });
  }

  /** Oldest first. Without a person: those that are not private. */
  messages(channelId: string, asUserId = ''): APIMessage[] {
    const channel = this.#core.world.channel(channelId);
    if (!channel) throw new RangeError(`Cannot list messages: there is no channel ${channelId}`);
    return [...channel.messages.values()]
      .filter((message) => isVisible(message, asUserId))
      .map((message) => this.#core.presenter.message(message));
  }

  deleteMessage(channelId: string, messageId: string): void {
    const message = this.#core.world.channel(channelId)?.messages.get(messageId);
    if (!message) throw new RangeError(`Cannot delete: there is no message ${messageId}`);
    this.#core.messages.delete(message);
  }

  /** Moves Discord's clock ahead: 3 s, 15 min and the life of links pass at once. */
  advance(ms: number): void {
    this.#core.clock.advance(ms);
  }

  nowMs(): number {
    return this.#core.clock.nowMs();
  }

  /** Breaks the bot's gateway connections; `resumable` says whether it can take its session up again. */
  cutGateway({ resumable = true }: { readonly resumable?: boolean } = {}): void {
    this.#core.gateway.cut(resumable);
  }

  /** Tells the bot to connect anew (opcode 7), as Discord does every few hours. */
  askToReconnect(): void {
    this.#core.gateway.askToReconnect();
  }

  /** @param code for example 4004, as when a token is revoked */
  closeGateway(code: number): void {
    this.#core.gateway.close(code);
  }

  async untilBotIsOnline(timeoutMs = 10_000): Promise<void> {
    if (this.botOnline) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = this.#core.happenings.listen((happening) => {
      if (happening.type === 'bot-status' && happening.online) resolve();
    });
    const timer = setTimeout(() => reject(new Error(`The bot did not log in within ${timeoutMs} ms`)), timeoutMs);
    await promise.finally(() => {
      clearTimeout(timer);
      stop();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#core.clock.stop();
    this.#core.gateway.cut(false);
    await this.#app.close();
    await this.#core.store[Symbol.asyncDispose]();
  }

  #join(guild: Guild, userId: string, roleName: string, permissions: bigint): void {
    const role = { id: this.#core.ids.next(), name: roleName, permissions };
    if (permissions !== 0n) guild.roles.set(role.id, role);
    guild.members.set(userId, permissions === 0n ? [] : [role.id]);
  }

  #guild(guildId: string): Guild {
    const guild = this.#core.world.guilds.get(guildId);
    if (!guild) throw new RangeError(`Cannot find the server ${guildId}`);
    return guild;
  }

  #firstChannel(guildId: string): string {
    const [channel] = this.#guild(guildId).channels.values();
    if (!channel) throw new RangeError(`Cannot add a person: the server ${guildId} has no channel yet`);
    return channel.id;
  }
}

function overwrite(type: OverwriteType, { allow = 0n, deny = 0n }: Bits) {
  return { type, allow, deny } as const;
}
