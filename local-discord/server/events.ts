/** Events of the local Discord, for the gateway, the pages and waiting tests. */
import type { InteractionRecord } from './interaction-record.ts';
import type { Channel, Guild, StoredMessage } from './world.ts';

export type WorldEvent =
  | { readonly type: 'message-created' | 'message-updated' | 'message-deleted'; readonly message: StoredMessage }
  | { readonly type: 'interaction-failed' | 'interaction-answered'; readonly interaction: InteractionRecord }
  | { readonly type: 'guild-created' | 'guild-removed' | 'guild-outage'; readonly guild: Guild }
  | { readonly type: 'channel-created' | 'channel-updated' | 'thread-joined'; readonly channel: Channel }
  | { readonly type: 'commands-changed' }
  | { readonly type: 'bot-status'; readonly online: boolean };

type Listener = (event: WorldEvent) => void;

export class EventBus {
  readonly #listeners = new Set<Listener>();

  publish(event: WorldEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** @returns a function that unsubscribes */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
