/** Raw interaction payloads, for data that discord.js does not expose: the type of a channel that is not cached (an older
 *  thread, a direct message), and the message that a message replies to. */

import { type BaseInteraction, type Client, GatewayDispatchEvents } from 'discord.js';
import type { APIInteraction, ChannelType } from 'discord-api-types/v10';

/** Payloads are deleted when their interaction is answered; this limits those that never get a handler. */
const keptMax = 1_000;

export class Payloads {
  readonly #kept = new Map<string, APIInteraction>();

  /** @param client emits each payload before it creates the interaction */
  constructor(client: Pick<Client, 'ws'>) {
    client.ws.on(GatewayDispatchEvents.InteractionCreate, (payload: APIInteraction) => this.#keep(payload));
  }

  /** @returns null after the interaction is answered */
  of({ id }: Pick<BaseInteraction, 'id'>): APIInteraction | null {
    return this.#kept.get(id) ?? null;
  }

  /** The type of the interaction's channel; null when Discord does not send it. */
  channelType(interaction: Pick<BaseInteraction, 'id' | 'channel'>): ChannelType | null {
    return this.of(interaction)?.channel?.type ?? interaction.channel?.type ?? null;
  }

  forget({ id }: Pick<BaseInteraction, 'id'>): void {
    this.#kept.delete(id);
  }

  #keep(payload: APIInteraction): void {
    this.#kept.set(payload.id, payload);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
  }
}
