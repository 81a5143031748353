/** Settings of a program for its services in addition to the configuration. */
import type { Logger } from 'pino';

/** Keeps the thread that answers people free. A catalog write that meets another one blocks the thread for 10 ms, then retries
 *  without blocking. On Linux a process at niceness 10 gets about a tenth of the time of one at 0. */
export const interactive = {
  catalogBusyTimeoutMs: 10,
  niceness: 10,
  mediaThread: true,
  indexPollIntervalMs: 250,
} as const satisfies Partial<ProgramContext>;

export interface ProgramContext {
  /** The project's folder. */
  readonly root: string;
  /** The environment that child processes get: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** How long a catalog write may block the thread while another process writes. A program that answers users sets a short time
   *  and retries; unset: the catalog's own default. */
  readonly catalogBusyTimeoutMs?: number;
  /** Added to the niceness of the worker and the index processes, so that the program's own thread runs first. */
  readonly niceness?: number;
  /** How often to check whether another process has published a new generation, even when there are no queries; unset:
   *  only on queries. */
  readonly indexPollIntervalMs?: number;
  /** Called with a sentence about the wait during a slow start of the worker; unset: the log. */
  readonly onWaiting?: (words: string) => void;
  /** The socket of the backend (backend.ts) whose worker and index processes this program uses; unset: it starts its own. */
  readonly backendSocket?: string | undefined;
  /** Cuts clips and draws pictures in a worker thread, so that the main thread stays responsive. */
  readonly mediaThread?: boolean;
}
