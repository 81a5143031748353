/** A Discord that runs on this machine. README.md in this folder lists what it checks. */
import websocket from '@fastify/websocket';
import { type APIMessage, GatewayCloseCodes } from 'discord-api-types/v10';
import Fastify, { type FastifyInstance } from 'fastify';
import { api } from './server/api.ts';
import { cdn } from './server/attachment-store.ts';
import type { Call, RefusedCall } from './server/call-log.ts';
import { buildCore, type Core, type CoreOptions } from './server/core.ts';
import type { Faults } from './server/faults.ts';
import { authorizePage } from './server/oauth-routes.ts';
import { pageApi, pageFiles } from './server/page.ts';
import { isVisible } from './server/people.ts';
import { Person } from './server/person.ts';
import { usualRateLimits } from './server/rate-limits.ts';
import { refuseForeignPages } from './server/same-origin.ts';
import {
  addToThread,
  addUser,
  archiveThread,
  type Bits,
  breakGuild,
  createChannel,
  createGuild,
  createThread,
  dismissBot,
  firstChannelId,
  type NewGuild,
  type NewThread,
  type NewUser,
  openGroup,
  removeGuild,
  setPermissions,
} from './server/seed.ts';

export type { Call, RefusedCall as Refusal } from './server/call-log.ts';
export type { Fault, FaultRates } from './server/faults.ts';
export { Interaction } from './server/interaction-handle.ts';
export {
  type FileToUpload,
  fileToUpload,
  type ModalValue,
  type OptionValue,
  Person,
  type Where,
} from './server/person.ts';
export { type RateLimit, type RateLimitOptions, usualRateLimits } from './server/rate-limits.ts';
export { RefusedByClient } from './server/refused-by-client.ts';
export type { Bits, NewGuild, NewUser } from './server/seed.ts';

const mib = 1024 * 1024;

export interface LocalDiscordOptions extends Partial<CoreOptions> {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** The folder of the built page, served at /. */
  readonly page?: string;
}

/** Listens on loopback. There is one server with the channel #general. The bot is its only member, with a bot's usual permissions. */
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
      clientSecret: options.clientSecret ?? 'local-client-secret',
      redirectUris: options.redirectUris ?? null,
      rateLimits: options.rateLimits === undefined ? usualRateLimits : options.rateLimits,
    },
    () => url,
  );
  await app.register(websocket, { options: { maxPayload: mib } });
  refuseForeignPages(app);
  await app.register(async (scope) => api(scope, core), { prefix: '/api/v10' });
  await app.register(async (scope) => pageApi(scope, core), { prefix: '/page' });
  await app.register(async (scope) => cdn(scope, core));
  await app.register(async (scope) => authorizePage(scope, core));
  await app.register(async (scope) => {
    for (const path of ['/gateway', '/gateway/']) {
      scope.get(path, { websocket: true }, (socket) => core.gateway.accept(socket));
    }
  });
  const { page } = options;
  if (page !== undefined) await app.register(async (scope) => pageFiles(scope, page));
  try {
    url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  } catch (error) {
    await core.store[Symbol.asyncDispose]();
    throw error;
  }
  return new LocalDiscord(app, core, url);
}

export class LocalDiscord implements AsyncDisposable {
  readonly url: string;
  /** For `new Client({ rest: { api } })`. */
  readonly apiUrl: string;
  /** For clients that do not request `GET /gateway`. */
  readonly gatewayUrl: string;
  readonly token: string;
  readonly applicationId: string;
  readonly botUserId: string;
  readonly defaultGuildId: string;
  readonly defaultChannelId: string;
  /** Failures of REST and the CDN on demand. */
  readonly faults: Faults;
  readonly #app: FastifyInstance;
  readonly #core: Core;

  constructor(app: FastifyInstance, core: Core, url: string) {
    this.#app = app;
    this.#core = core;
    this.url = url;
    this.apiUrl = `${url}/api`;
    this.gatewayUrl = `${url.replace(/^http/, 'ws')}/gateway`;
    this.token = core.options.token;
    this.applicationId = core.applicationId;
    this.botUserId = core.botId;
    this.faults = core.faults;
    this.defaultGuildId = this.addGuild({ name: 'Local server' });
    this.defaultChannelId = this.addChannel(this.defaultGuildId, { name: 'general' });
  }

  /** Calls of the bot, oldest first. */
  get log(): readonly Call[] {
    return this.#core.log.calls;
  }

  /** Calls that were refused as Discord refuses them: every 4xx that no fault caused. */
  get violations(): readonly RefusedCall[] {
    return this.#core.log.refusals;
  }

  get botOnline(): boolean {
    return this.#core.gateway.online;
  }

  /** Adds a member to a server (the default server if omitted). Their default channel is the server's first. */
  addUser({
    guildId = this.defaultGuildId,
    ...body
  }: Omit<NewUser, 'guildId'> & { readonly guildId?: string }): Person {
    const id = addUser(this.#core, { ...body, guildId });
    return new Person(this.#core, id, firstChannelId(this.#core, guildId));
  }

  /** @returns its id; it has no channel yet */
  addGuild(body: NewGuild): string {
    return createGuild(this.#core, body);
  }

  /** Removes the bot from a server, and deletes the server. */
  removeGuild(guildId: string): void {
    removeGuild(this.#core, guildId);
  }

  /** Removes the bot from a server that stays, with its people. */
  dismissBot(guildId: string): void {
    dismissBot(this.#core, guildId);
  }

  /** Tells the bot that a server has an outage. */
  breakGuild(guildId: string): void {
    breakGuild(this.#core, guildId);
  }

  /** A group of people, in which the bot is used as an app of theirs. @returns its channel's id */
  addGroup(name: string, members: readonly Person[]): string {
    return openGroup(
      this.#core,
      name,
      members.map(({ id }) => id),
    );
  }

  /** @returns its id */
  addChannel(guildId: string, body: { readonly name: string; readonly botPermissions?: Bits }): string {
    return createChannel(this.#core, guildId, body);
  }

  /** Creates a thread in a channel of a server.
   *  @param messageId of the message that it starts from, if any
   *  @returns its id */
  addThread(
    channelId: string,
    { messageId, ...body }: Omit<NewThread, 'message' | 'ownerId'> & { ownerId: string; messageId?: string },
  ): string {
    const parent = this.#core.world.channel(channelId);
    if (!parent) throw new RangeError(`Cannot open a thread: there is no channel ${channelId}`);
    const message = messageId === undefined ? undefined : parent.messages.get(messageId);
    return createThread(this.#core, parent, { ...body, ...(message ? { message } : {}) }).id;
  }

  /** Adds a user or the bot to a thread, as a mention does. The bot then receives the thread. */
  addToThread(threadId: string, userId: string): void {
    addToThread(this.#core, threadId, userId);
  }

  /** Archives a thread, as a moderator does, or Discord after some days without messages. A message reopens it. */
  archiveThread(threadId: string): void {
    archiveThread(this.#core, threadId);
  }

  /** Replaces the permission overwrites of one user or of everyone in a channel. Empty bits remove them.
   *  @param who a person's id, 'bot' or 'everyone' */
  setPermissions(channelId: string, who: string, bits: Bits): void {
    setPermissions(this.#core, channelId, who, bits);
  }

  /** Messages of a channel, oldest first. Without a user: those that are not private. */
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

  /** For `DISCORD_CLIENT_SECRET`: the application's secret, to sign users in. */
  get clientSecret(): string {
    return this.#core.options.clientSecret;
  }

  /** Takes the tokens of a user back, as when they remove the application under Authorized Apps. */
  revokeSignIns(userId: string): void {
    this.#core.oauth.revokeOf(userId);
  }

  /** Removes a user from a server. */
  removeMember(guildId: string, userId: string): void {
    this.#core.world.guilds.get(guildId)?.members.delete(userId);
  }

  /** Moves Discord's clock ahead, so that 3 s, 15 min or the lifetime of links pass at once. */
  advance(ms: number): void {
    this.#core.clock.advance(ms);
  }

  nowMs(): number {
    return this.#core.clock.nowMs();
  }

  /** Breaks the bot's gateway connections. `resumable`: whether it can resume its session. */
  cutGateway({ resumable = true }: { readonly resumable?: boolean } = {}): void {
    this.#core.gateway.cut(resumable);
  }

  /** Asks the bot to reconnect (opcode 7), as Discord does every few hours. */
  askToReconnect(): void {
    this.#core.gateway.askToReconnect();
  }

  /** As when the owner resets the token: REST answers 401 from now on, and the gateway closes with 4004. */
  revokeToken(): void {
    this.#core.tokenState.revoked = true;
    this.#core.gateway.close(GatewayCloseCodes.AuthenticationFailed);
  }

  /** @param code for example 4000, after which a client resumes */
  closeGateway(code: number): void {
    this.#core.gateway.close(code);
  }

  async untilBotIsOnline(timeoutMs = 10_000): Promise<void> {
    if (this.botOnline) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = this.#core.events.subscribe((event) => {
      if (event.type === 'bot-status' && event.online) resolve();
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
}
