/** One interaction as a test observes it: its acknowledgement and its messages over time. */
import type { APIMessage } from 'discord-api-types/v10';
import type { Core } from './core.ts';
import { type InteractionRecord, tokenLifeMs } from './interaction-record.ts';
import type { Modal } from './modal-rules.ts';

const untilTimeoutMs = 10_000;

type Predicate = (message: APIMessage, all: readonly APIMessage[]) => boolean;

export class Interaction {
  readonly id: string;
  readonly channelId: string;
  readonly sentAtMs: number;
  /** When the callback arrived; rejects when none arrives within 3 s. */
  readonly ackedAtMs: Promise<number>;
  /** Every state of `@original` since the interaction, with its time. For an update, also those of the component's message. */
  readonly edits: { readonly atMs: number; readonly message: APIMessage }[] = [];
  readonly #core: Core;
  readonly #record: InteractionRecord;
  readonly #waiting = new Set<() => void>();

  constructor(core: Core, record: InteractionRecord) {
    this.#core = core;
    this.#record = record;
    this.id = record.id;
    this.channelId = record.channelId;
    this.sentAtMs = record.sentAtMs;
    const acknowledged = Promise.withResolvers<number>();
    this.ackedAtMs = acknowledged.promise;
    // A rejection is not unhandled when the test does not read it.
    acknowledged.promise.catch(() => undefined);
    const stop = core.events.subscribe((event) => {
      if (event.type === 'interaction-answered' && event.interaction === record) {
        acknowledged.resolve(record.answeredAtMs ?? Number.NaN);
      } else if (event.type === 'interaction-failed' && event.interaction === record) {
        acknowledged.reject(new Error('The application did not respond'));
      } else if ('message' in event && event.type !== 'message-deleted') {
        const { message } = event;
        if (message.id === record.originalId) {
          this.edits.push({ atMs: core.clock.nowMs(), message: core.presenter.message(message) });
        }
      }
      for (const check of [...this.#waiting]) check();
    });
    // No message changes after the token expired.
    core.clock.after(tokenLifeMs, stop);
  }

  /** Whether the user sees "The application did not respond". */
  get failed(): boolean {
    return this.#record.state === 'failed';
  }

  /** The modal that the bot answered with. */
  get modal(): Modal | null {
    return this.#record.modal;
  }

  /** The reply, or the message that a component's update edits. Null before the answer and after a deletion. */
  original(): APIMessage | null {
    return this.#find(this.#record.originalId);
  }

  get followups(): APIMessage[] {
    return this.#record.followupIds.flatMap((id) => this.#find(id) ?? []);
  }

  /** Waits until the reply or a follow-up matches.
   *  @throws {Error} with the messages that exist, after the time-out or when nobody answered within 3 s */
  async until(predicate: Predicate, timeoutMs = untilTimeoutMs): Promise<APIMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<APIMessage>();
    const check = () => {
      const all = [this.original(), ...this.followups].filter((message) => message !== null);
      const found = all.find((message) => predicate(message, all));
      if (found) resolve(found);
      else if (this.failed) reject(new Error('The application did not respond'));
    };
    const timer = setTimeout(() => {
      const seen = [this.original(), ...this.followups].map((message) => message && summarize(message));
      reject(new Error(`Waited ${timeoutMs} ms for a message; there is ${JSON.stringify(seen, null, 2)}`));
    }, timeoutMs);
    this.#waiting.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #find(id: string | null): APIMessage | null {
    const message = id === null ? undefined : this.#core.world.channel(this.#record.channelId)?.messages.get(id);
    return message ? this.#core.presenter.message(message) : null;
  }
}

function summarize({ content, embeds, attachments, flags }: APIMessage) {
  return {
    content,
    embeds: embeds.map(({ title, description }) => ({ title, description })),
    files: attachments.map(({ filename }) => filename),
    flags,
  };
}
