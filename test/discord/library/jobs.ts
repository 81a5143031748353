/** A reindexer over a real library, with an announcer that records instead of posting. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { App } from '../../../src/app.ts';
import type { Reindex, ReindexRequest } from '../../../src/catalog/reindexes.ts';
import type { Announcer } from '../../../src/services/announcer.ts';
import { Reindexer, type ReindexerOptions } from '../../../src/services/reindexer.ts';
import { atFullPriority, projectRoot } from '../../support/library.ts';

export const asked: ReindexRequest = {
  mode: 'everything',
  requestedBy: '1',
  guildId: '2',
  channelId: '3',
  locale: 'en-US',
};

/** One track at a time, so that a job of six lasts long enough for a test to interrupt it. */
export const slowly = {
  ...{ INDEXING_CONCURRENCY: '1', INFERENCE_PROCESSES: '1', WORKER_CONCURRENCY: '1' },
  ...atFullPriority,
};

export class WrittenAnnouncer implements Announcer {
  readonly said: string[] = [];
  waiting = async (): Promise<void> => void this.said.push('waiting');
  begun = async (_: Reindex, { tracksTotal }: { tracksTotal: number }, which: string): Promise<void> =>
    void this.said.push(`begun ${which} ${tracksTotal}`);
  milestone = async (_: Reindex, percent: number): Promise<void> => void this.said.push(`${percent}`);
  ended = async ({ state }: Reindex): Promise<void> => void this.said.push(state);

  /** @throws when it is not announced within a minute */
  async until(what: RegExp): Promise<void> {
    await until(() => this.said.some((said) => what.test(said)), `"${what}" among: ${this.said.join(', ')}`);
  }
}

export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await delay(20)) {
    if (Date.now() > end) throw new Error(`Did not come: ${what}`);
  }
}

export function reindexerOf(app: App, announcer: Announcer, changes: Partial<ReindexerOptions> = {}): Reindexer {
  const log = pino({ level: 'silent' });
  const place = { root: projectRoot, environment: process.env, config: app.config };
  return new Reindexer({ ...place, services: app, log, announcer, runsJobs: true, restartAfterMs: 50, ...changes });
}
