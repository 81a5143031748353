/** Builds the parts of the local Discord. */
import { GatewayIntentBits } from 'discord-api-types/v10';
import { AttachmentStore } from './attachment-store.ts';
import { CallLog } from './call-log.ts';
import { Clock } from './clock.ts';
import { Commands } from './commands.ts';
import { EventBus } from './events.ts';
import { Faults } from './faults.ts';
import { Gateway } from './gateway.ts';
import { gatewayEvent, guildCreateBody } from './gateway-events.ts';
import { Interactions } from './interactions.ts';
import { Messages } from './messages.ts';
import { OAuth } from './oauth.ts';
import { Presenter } from './present.ts';
import { type RateLimitOptions, RateLimits } from './rate-limits.ts';
import { user } from './shapes.ts';
import { Snowflakes } from './snowflake.ts';
import { World } from './world.ts';

export interface CoreOptions {
  readonly seed: number;
  readonly attachmentSizeLimitBytes: number;
  readonly token: string;
  readonly acceptAnyToken: boolean;
  readonly botName: string;
  /** Bits of the privileged intents that are enabled for the application. */
  readonly privilegedIntents: number;
  readonly shards: number;
  /** Of the application, to sign users in. */
  readonly clientSecret: string;
  /** The redirects of the application; null for any address on loopback. */
  readonly redirectUris: readonly string[] | null;
  /** null for none. */
  readonly rateLimits: RateLimitOptions | null;
}

export type Core = Awaited<ReturnType<typeof buildCore>>;

/** @param baseUrl called when needed, because the port is not known before */
export async function buildCore(options: CoreOptions, baseUrl: () => string) {
  const clock = new Clock();
  const ids = new Snowflakes(clock);
  const events = new EventBus();
  const world = new World();
  // The bot's user has the application's id, as with applications that are created today.
  const botId = ids.next();
  world.users.set(botId, { id: botId, name: options.botName, isBot: true, locale: 'en-US' });
  const owner = { id: ids.next(), name: 'owner', isBot: false, locale: 'en-US' };
  world.users.set(owner.id, owner);
  const store = await AttachmentStore.open({ clock, ids, baseUrl });
  const presenter = new Presenter(world, store, botId);
  const { attachmentSizeLimitBytes } = options;
  const messages = new Messages({ world, store, clock, ids, events, attachmentSizeLimitBytes });
  const interactions = new Interactions({ world, messages, clock, ids, events, botId });
  const commands = new Commands(ids, events, botId);
  const hasMessageContent = Boolean(options.privilegedIntents & GatewayIntentBits.MessageContent);
  const tokenState = { revoked: false };
  const acceptsToken = (token: string) => !tokenState.revoked && (options.acceptAnyToken || token === options.token);
  const gateway = new Gateway({
    acceptsToken,
    privilegedIntents: options.privilegedIntents,
    url: () => `${baseUrl().replace(/^http/, 'ws')}/gateway`,
    readyBody: () => ({ user: user(world.user(botId)), application: { id: botId, flags: 0 } }),
    guildBodies: () =>
      [...world.guilds.values()]
        .filter(({ members }) => members.has(botId))
        .map((guild) => guildCreateBody(guild, world, botId)),
    onStatus: (online) => events.publish({ type: 'bot-status', online }),
  });
  events.subscribe((event) => {
    const sent = gatewayEvent(event, world, presenter, { id: botId, hasMessageContent });
    if (sent) gateway.dispatch(sent.name, sent.data, sent.guildId, sent.intent);
  });
  return {
    options,
    clock,
    ids,
    events,
    world,
    store,
    presenter,
    messages,
    interactions,
    commands,
    gateway,
    acceptsToken,
    tokenState,
    hasMessageContent,
    applicationId: botId,
    botId,
    ownerId: owner.id,
    faults: new Faults(options.seed),
    log: new CallLog(),
    rateLimits: new RateLimits(clock, options.rateLimits),
    oauth: new OAuth(clock),
    baseUrl,
  };
}
