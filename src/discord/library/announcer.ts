/** Announces a reindex in a channel: a message at its start, which is edited at each milestone while it is editable, and a
 *  new message at its end. Interactions end after 15 minutes, so these are ordinary messages. */
import type { Client, Message } from 'discord.js';
import type { Logger } from 'pino';
import type { Reindex } from '../../catalog/reindexes.ts';
import type { IndexProgress } from '../../indexing/progress.ts';
import type { Announcer } from '../../services/announcer.ts';
import {
  reindexBegunReply,
  reindexEndedReply,
  reindexMilestoneReply,
  reindexWaitingReply,
} from '../replies/library-reindex.ts';
import type { Reply } from '../reply.ts';
import { postMessage, toOptions } from '../send.ts';
import type { Texts } from '../texts/texts.ts';
import { missingToAnnounceIn } from './rights.ts';

export interface ChannelAnnouncerOptions {
  readonly client: Client;
  readonly texts: (locale: string | null) => Texts;
  readonly log: Logger;
}

/** Discord limits edits of messages older than an hour (30046). */
const editableForMs = 50 * 60_000;
/** Minimum time between two milestones; an earlier one is skipped. */
const apartMs = 2_500;

export class ChannelAnnouncer implements Announcer {
  readonly #options: ChannelAnnouncerOptions;
  #message: { readonly reindexId: number; readonly message: Message } | null = null;
  #toldAtMs = 0;

  constructor(options: ChannelAnnouncerOptions) {
    this.#options = options;
  }

  async waiting(reindex: Reindex): Promise<void> {
    await this.#post(reindex, 'wait', (texts) => reindexWaitingReply(texts));
  }

  async begun(reindex: Reindex, progress: IndexProgress, start: 'first' | 'again'): Promise<void> {
    // Each process's start has its own nonce: the previous message may be only a minute old.
    const nonce = start === 'first' ? 'begin' : `again${Date.now() % 1e9}`;
    const message = await this.#post(reindex, nonce, (texts) => reindexBegunReply(texts, reindex, progress, start));
    this.#message = message ? { reindexId: reindex.id, message } : null;
    this.#toldAtMs = Date.now();
  }

  async milestone(reindex: Reindex, percent: number, progress: IndexProgress): Promise<void> {
    if (Date.now() - this.#toldAtMs < apartMs) return;
    this.#toldAtMs = Date.now();
    const textOf = (texts: Texts) => reindexMilestoneReply(texts, reindex, percent, progress);
    const recentMessage = this.#recentMessage(reindex);
    if (recentMessage && (await this.#edit(recentMessage, reindex, textOf))) return;
    const message = await this.#post(reindex, String(percent), textOf);
    if (message) this.#message = { reindexId: reindex.id, message };
  }

  async ended(reindex: Reindex): Promise<void> {
    await this.#post(reindex, 'end', (texts) => reindexEndedReply(texts, reindex));
    this.#message = null;
  }

  #recentMessage({ id }: Reindex): Message | null {
    const told = this.#message;
    if (told?.reindexId !== id || Date.now() - told.message.createdTimestamp > editableForMs) return null;
    return told.message;
  }

  async #post(reindex: Reindex, nonce: string, textOf: (texts: Texts) => Reply): Promise<Message | null> {
    const { client, texts, log } = this.#options;
    const { id, channelId, locale } = reindex;
    if (channelId === null) return null;
    try {
      // Checked before posting: Discord counts refused calls and blocks clients with too many.
      const missing = await missingToAnnounceIn(client, channelId);
      if (missing.length > 0) throw new RangeError(`the bot lacks ${missing.join(', ')}`);
      return await postMessage(client, channelId, textOf(texts(locale)), `reindex-${id}-${nonce}`.slice(0, 25));
    } catch (error) {
      log.warn({ reindex: id, channel: channelId, why: (error as Error).message }, 'a reindex could not be announced');
      return null;
    }
  }

  async #edit(message: Message, { id, locale }: Reindex, textOf: (texts: Texts) => Reply): Promise<boolean> {
    try {
      await message.edit(toOptions(textOf(this.#options.texts(locale))));
      return true;
    } catch (error) {
      this.#options.log.info({ reindex: id, why: (error as Error).message }, 'a milestone is posted in a new message');
      return false;
    }
  }
}
