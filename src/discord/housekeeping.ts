/** Forgets what was kept long enough: answers, what was heard, and their clips. */
import type { App } from '../app.ts';
import { retryBusy } from './retry-busy.ts';

const everyMs = 3_600_000;
/** Clips are cut within this. Those of an answer that goes meanwhile go an hour later. */
const clipsCutMs = 600_000;

export class Housekeeping {
  readonly #app: App;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;

  /** At once, and every hour. */
  constructor(app: App, onError: (error: unknown) => void) {
    this.#app = app;
    this.#onError = onError;
    this.#timer = setInterval(() => this.#sweep(), everyMs).unref();
    this.#sweep();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    forgetOld(this.#app, Date.now()).catch(this.#onError);
  }
}

export async function forgetOld({ config, catalog, answerFiles }: App, nowMs: number): Promise<void> {
  const beforeMs = nowMs - config.answersKeptMs;
  await retryBusy(() => catalog.answers.removeBefore(beforeMs));
  await retryBusy(() => catalog.heard.removeBefore(beforeMs));
  await answerFiles.removeStrays((id) => catalog.answers.has(id), nowMs - clipsCutMs);
}
