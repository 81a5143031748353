/** Runs a command to its exit code: expected failures become one sentence, Ctrl-C a signal, the rest a bug report. */
import { LeitmotifError, toLeitmotifError } from '../errors.ts';

/** On stderr: stdout is for results. */
export const onWaiting = (words: string): void => void process.stderr.write(`${words}\n`);

/** As shells count it: 128 + SIGINT. */
const interruptedCode = 130;

/** @param command given a signal that Ctrl-C and SIGTERM abort; returns the exit code */
export async function runToExit(command: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const abort = new AbortController();
  const stop = (): void => {
    // A second Ctrl-C does not wait: without a listener the process ends at once.
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    abort.abort(new LeitmotifError('cancelled', 'Cancelled'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    process.exitCode = await command(abort.signal);
  } catch (error) {
    process.exitCode = abort.signal.aborted ? interruptedCode : 1;
    process.stderr.write(`${describeFailure(error, abort.signal)}\n`);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** A stack is for whoever mends the program, and so only shown where the program is at fault. */
function describeFailure(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'Cancelled. What was finished is kept.';
  const known = toLeitmotifError(error);
  if (known.code !== 'internal') return known.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Leitmotif made a mistake. Please report this:\n${stack}`;
}
