/** Keeps child programs running beside each other: one that ends is started again with back-off, and does not end the others. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface Program {
  readonly name: string;
  readonly start: () => ChildProcess;
  /** Exit codes that no new start changes, such as that of a bad configuration. They end all programs. */
  readonly fatalCodes: ReadonlySet<number>;
}

export interface KeepRunningOptions {
  readonly log: Logger;
  /** Stops all programs. */
  readonly signal: AbortSignal;
  /** Before the first new start; doubles until a program has run for `healthyAfterMs`. */
  readonly respawnAfterMs?: number;
}

const respawnAfterMaxMs = 60_000;
const healthyAfterMs = 120_000;
/** Longer than a program's own orderly end. */
const stopTimeoutMs = 20_000;

/** Runs until the signal aborts or a program ends for good.
 *  @returns the exit code of that program; 0 after an abort */
export async function keepRunning(programs: readonly Program[], options: KeepRunningOptions): Promise<number> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const codes = await Promise.all(
    programs.map(async (program) => {
      const code = await keepOne(program, { ...options, signal });
      if (code !== 0) over.abort();
      return code;
    }),
  );
  return codes.find((code) => code !== 0) ?? 0;
}

/** @returns the exit code of a fatal end; 0 when it was stopped */
async function keepOne(
  { name, start, fatalCodes }: Program,
  { log, signal, respawnAfterMs = 1_000 }: KeepRunningOptions,
): Promise<number> {
  let endsInARow = 0;
  while (!signal.aborted) {
    const startedAtMs = performance.now();
    const child = start();
    const stop = () => void stopChild(child);
    signal.addEventListener('abort', stop, { once: true });
    const { promise, resolve } = Promise.withResolvers<number | null>();
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
    const code = await promise;
    signal.removeEventListener('abort', stop);
    if (signal.aborted) return 0;
    if (code !== null && fatalCodes.has(code)) return code;
    if (performance.now() - startedAtMs > healthyAfterMs) endsInARow = 0;
    const afterMs = Math.min(respawnAfterMs * 2 ** endsInARow++, respawnAfterMaxMs);
    log.warn({ program: name, exitCode: code, afterMs }, 'a program ended and will be started again');
    await delay(afterMs, undefined, { signal }).catch(() => {});
  }
  return 0;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  child.once('exit', () => clearTimeout(timer));
}
