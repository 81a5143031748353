/** A gateway session. It outlives its socket, so that RESUME can replay missed events. */
import { GatewayOpcodes } from 'discord-api-types/v10';
import type { WebSocket } from 'ws';

/** A session that missed more events cannot be resumed. */
const replayMax = 2000;

interface Dispatch {
  readonly op: GatewayOpcodes.Dispatch;
  readonly s: number;
  readonly t: string;
  readonly d: unknown;
}

export class GatewaySession {
  readonly id: string;
  readonly intents: number;
  readonly shard: readonly [number, number];
  socket: WebSocket | null;
  #lastSequence = 0;
  readonly #replay: Dispatch[] = [];

  constructor(id: string, intents: number, shard: readonly [number, number], socket: WebSocket) {
    this.id = id;
    this.intents = intents;
    this.shard = shard;
    this.socket = socket;
  }

  dispatch(event: string, data: unknown): void {
    this.#lastSequence += 1;
    const frame: Dispatch = { op: GatewayOpcodes.Dispatch, s: this.#lastSequence, t: event, d: data };
    this.#replay.push(frame);
    if (this.#replay.length > replayMax) this.#replay.shift();
    if (this.socket) send(this.socket, frame);
  }

  /** @returns false when the client names an event that was never sent, or missed too many */
  resume(socket: WebSocket, seenSequence: number): boolean {
    const missed = this.#replay.filter(({ s }) => s > seenSequence);
    if (seenSequence > this.#lastSequence || missed.length !== this.#lastSequence - seenSequence) return false;
    this.socket = socket;
    for (const frame of missed) send(socket, frame);
    this.dispatch('RESUMED', {});
    return true;
  }

  /** Which servers a shard sees; direct messages go to the first.
   *  @see https://discord.com/developers/docs/events/gateway#sharding-sharding-formula */
  sees(guildId: string | null): boolean {
    if (guildId === null) return this.shard[0] === 0;
    return Number((BigInt(guildId) >> 22n) % BigInt(this.shard[1])) === this.shard[0];
  }
}

export function send(socket: WebSocket, payload: unknown): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(payload));
}
