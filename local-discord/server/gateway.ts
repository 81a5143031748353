/** The gateway: HELLO, IDENTIFY, READY, heartbeats, RESUME, and the events that a bot's intents let through.
 *  @see https://discord.com/developers/docs/events/gateway */
import { randomBytes } from 'node:crypto';
import { GatewayCloseCodes, GatewayIntentBits, GatewayOpcodes } from 'discord-api-types/v10';
import type { RawData, WebSocket } from 'ws';
import { GatewaySession, send } from './gateway-session.ts';
import { parseJson } from './json.ts';

const heartbeatIntervalMs = 41_250;
/** Ended sessions that may still be resumed. */
const sessionsMax = 50;
const privileged = GatewayIntentBits.GuildMembers | GatewayIntentBits.GuildPresences | GatewayIntentBits.MessageContent;

interface GatewayOptions {
  readonly acceptsToken: (token: string) => boolean;
  /** The privileged intents that are enabled for the application. */
  readonly privilegedIntents: number;
  readonly url: () => string;
  /** The part of READY that does not depend on the session. */
  readonly readyBody: () => Record<string, unknown>;
  /** GUILD_CREATE's bodies, by guild id. */
  readonly guildBodies: () => readonly { readonly id: string }[];
  readonly onStatus: (online: boolean) => void;
}

interface Received {
  readonly op: number;
  readonly d: Readonly<Record<string, unknown>> | null;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #sockets = new Set<WebSocket>();
  #wasOnline = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  get online(): boolean {
    return [...this.#sessions.values()].some(({ socket }) => socket !== null);
  }

  accept(socket: WebSocket): void {
    this.#sockets.add(socket);
    let session: GatewaySession | null = null;
    socket.on('message', (data) => {
      session = this.#receive(socket, session, data);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', (code: number) => {
      this.#sockets.delete(socket);
      if (session?.socket === socket) session.socket = null;
      // A normal close ends the session. After a broken connection, the client may resume.
      if (session && (code === 1000 || code === 1001)) this.#sessions.delete(session.id);
      this.#tellStatus();
    });
    send(socket, { op: GatewayOpcodes.Hello, d: { heartbeat_interval: heartbeatIntervalMs }, s: null, t: null });
  }

  /** @param intent required to receive the event; 0 for none
   *  @param data called only when a session receives the event */
  dispatch(event: string, data: () => unknown, guildId: string | null, intent: number): void {
    const told = [...this.#sessions.values()].filter(
      (session) => session.sees(guildId) && (intent === 0 || session.intents & intent),
    );
    if (told.length === 0) return;
    const body = data();
    for (const session of told) session.dispatch(event, body);
  }

  /** Breaks every connection without a close frame. `resumable`: whether RESUME finds the session. */
  cut(resumable: boolean): void {
    if (!resumable) this.#sessions.clear();
    // Detached at once, so that later events are missed: the sockets close a moment later.
    for (const session of this.#sessions.values()) session.socket = null;
    for (const socket of this.#sockets) socket.terminate();
    this.#tellStatus();
  }

  /** Asks every client to reconnect, as Discord does before it restarts a server. */
  askToReconnect(): void {
    for (const socket of this.#sockets) send(socket, { op: GatewayOpcodes.Reconnect, d: null, s: null, t: null });
  }

  close(code: number): void {
    for (const socket of this.#sockets) socket.close(code);
  }

  #receive(socket: WebSocket, session: GatewaySession | null, data: RawData): GatewaySession | null {
    let received: Received;
    try {
      received = parseJson(String(data)) as Received;
    } catch {
      socket.close(GatewayCloseCodes.DecodeError, 'Error while decoding payload.');
      return session;
    }
    switch (received.op) {
      case GatewayOpcodes.Heartbeat:
        send(socket, { op: GatewayOpcodes.HeartbeatAck, d: null, s: null, t: null });
        return session;
      case GatewayOpcodes.Identify:
        if (session) socket.close(GatewayCloseCodes.AlreadyAuthenticated, 'Already authenticated.');
        return session ?? this.#identify(socket, received.d ?? {});
      case GatewayOpcodes.Resume:
        return session ?? this.#resume(socket, received.d ?? {});
      case GatewayOpcodes.PresenceUpdate:
      case GatewayOpcodes.VoiceStateUpdate:
      case GatewayOpcodes.RequestGuildMembers:
        if (!session) socket.close(GatewayCloseCodes.NotAuthenticated, 'Not authenticated.');
        return session;
      default:
        socket.close(GatewayCloseCodes.UnknownOpcode, 'Unknown opcode.');
        return session;
    }
  }

  #identify(socket: WebSocket, body: Readonly<Record<string, unknown>>): GatewaySession | null {
    const { acceptsToken, privilegedIntents, url, readyBody, guildBodies } = this.#options;
    const refuse = (code: GatewayCloseCodes, reason: string) => {
      socket.close(code, reason);
      return null;
    };
    const [shard, shardCount] = Array.isArray(body.shard) ? (body.shard as [number, number]) : [0, 1];
    const intents = Number(body.intents);
    if (!acceptsToken(tokenOf(body))) {
      return refuse(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
    }
    if (!Number.isInteger(intents) || intents < 0) return refuse(GatewayCloseCodes.InvalidIntents, 'Invalid intents.');
    if (intents & privileged & ~privilegedIntents) {
      return refuse(GatewayCloseCodes.DisallowedIntents, 'Disallowed intent(s).');
    }
    if (!(shard >= 0 && shard < shardCount)) return refuse(GatewayCloseCodes.InvalidShard, 'Invalid shard.');
    const session = new GatewaySession(randomBytes(16).toString('hex'), intents, [shard, shardCount], socket);
    this.#remember(session);
    const guilds = guildBodies().filter(({ id }) => session.sees(id));
    session.dispatch('READY', {
      v: 10,
      ...readyBody(),
      guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: url(),
      shard: session.shard,
    });
    if (intents & GatewayIntentBits.Guilds) for (const guild of guilds) session.dispatch('GUILD_CREATE', guild);
    this.#tellStatus();
    return session;
  }

  #resume(socket: WebSocket, body: Readonly<Record<string, unknown>>): GatewaySession | null {
    if (!this.#options.acceptsToken(tokenOf(body))) {
      socket.close(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
      return null;
    }
    const session = this.#sessions.get(String(body.session_id));
    if (!session?.resume(socket, Number(body.seq))) {
      send(socket, { op: GatewayOpcodes.InvalidSession, d: false, s: null, t: null });
      return null;
    }
    this.#tellStatus();
    return session;
  }

  #remember(session: GatewaySession): void {
    this.#sessions.set(session.id, session);
    const ended = [...this.#sessions.values()].filter(({ socket }) => socket === null);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - sessionsMax))) this.#sessions.delete(id);
  }

  #tellStatus(): void {
    if (this.#wasOnline === this.online) return;
    this.#wasOnline = this.online;
    this.#options.onStatus(this.online);
  }
}

/** Some clients send the token with the prefix of the header. */
function tokenOf(body: Readonly<Record<string, unknown>>): string {
  return String(body.token).replace(/^Bot /, '');
}
