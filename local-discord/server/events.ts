/** What happens is told once, to whom it may concern: the gateway, the pages, a test that waits. */
import type { InteractionRecord } from './interaction-record.ts';
import type { Channel, Guild, StoredMessage } from './world.ts';

export type Happening =
  | { readonly type: 'message-created' | 'message-updated' | 'message-deleted'; readonly message: StoredMessage }
  | { readonly type: 'interaction-failed' | 'interaction-answered'; readonly interaction: InteractionRecord }
  | { readonly type: 'guild-created' | 'guild-left' | 'guild-outage'; readonly guild: Guild }
  | { readonly type: 'channel-created' | 'channel-updated'; readonly channel: Channel }
  | { readonly type: 'commands-changed' }
  | { readonly type: 'bot-status'; readonly online: boolean };

type Listener = (happening: Happening) => void;

export class Happenings {
  readonly #listeners = new Set<Listener>();

  tell(happening: Happening): void {
    for (const listener of [...this.#listeners]) listener(happening);
  }

  /** @returns a function that ends the listening */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
