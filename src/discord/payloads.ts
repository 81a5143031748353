/** What Discord sends with an interaction and discord.js does not hand on: the channel's type where the channel is not
 *  cached (a thread that began before the bot did, a direct conversation), and the message that a message replies to. */

import { type BaseInteraction, type Client, GatewayDispatchEvents } from 'discord.js';
import type { APIInteraction, ChannelType } from 'discord-api-types/v10';

/** Interactions are forgotten when they are answered; this bounds those that never come to be handled. */
const keptMax = 1_000;

export class Payloads {
  readonly #kept = new Map<string, APIInteraction>();

  /** @param client tells of each payload before it makes an interaction of it */
  constructor(client: Pick<Client, 'ws'>) {
    client.ws.on(GatewayDispatchEvents.InteractionCreate, (payload: APIInteraction) => this.#keep(payload));
  }

  /** @returns null once it is answered */
  of({ id }: Pick<BaseInteraction, 'id'>): APIInteraction | null {
    return this.#kept.get(id) ?? null;
  }

  /** Of the channel that an interaction comes from; null when not even Discord says it. */
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
