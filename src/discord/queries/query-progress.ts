/** Shows the progress of one query; after some seconds with a Cancel button. */
import type { RepliableInteraction } from 'discord.js';
import type { BotContext } from '../bot-context.ts';
import { ProgressMessage } from '../progress.ts';
import { type ProgressView, progressReply } from '../replies/progress.ts';
import { editReply } from '../send.ts';

/** A button that appears only briefly would be pressed by mistake. */
const cancelAfterMs = 5_000;

export class QueryProgress {
  readonly #message: ProgressMessage;
  readonly #show: (cancelId: string | null) => void;
  readonly #timer: NodeJS.Timeout;
  #view: Omit<ProgressView, 'cancelId'> | null = null;
  #cancelId: string | null = null;

  constructor(interaction: RepliableInteraction, bot: BotContext) {
    const texts = bot.texts(interaction.locale);
    this.#message = new ProgressMessage({
      send: (reply) => editReply(interaction, reply),
      onError: (error) => bot.log.info({ query: interaction.id, err: error }, 'a progress edit failed'),
    });
    this.#show = (cancelId) => {
      const view = this.#view;
      if (view) this.#message.show(() => progressReply(texts, { ...view, cancelId }));
    };
    this.#timer = setTimeout(() => {
      this.#cancelId = interaction.id;
      this.#show(this.#cancelId);
    }, cancelAfterMs);
  }

  /** The last shown stage; null before the first. */
  get stage(): ProgressView['stage'] | null {
    return this.#view?.stage ?? null;
  }

  show(view: Omit<ProgressView, 'cancelId'>): void {
    this.#view = view;
    this.#show(this.#cancelId);
  }

  /** Resolves when no edit will follow. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#message.end();
  }
}
