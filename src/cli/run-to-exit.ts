/** Runs a command and sets the exit code. Expected failures print one sentence, Ctrl-C aborts a signal, and other errors print
 *  a bug report. */
import { LeitmotifError, toLeitmotifError } from '../errors.ts';

/** Prints to stderr, because stdout is for results. */
export const onWaiting = (words: string): void => void process.stderr.write(`${words}\n`);

/** Lets a command finish in order when the reader of its output has closed the pipe, as in `npm run models -- list | head -1`.
 *  Without a listener Node ends the process with a stack trace, because it ignores SIGPIPE. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** The shell convention: 128 + SIGINT. */
const interruptedCode = 130;

/** @param command given a signal that Ctrl-C and SIGTERM abort; returns the exit code */
export async function runToExit(command: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const abort = new AbortController();
  const stop = (): void => {
    // A second Ctrl-C ends the process at once, because no listener is left.
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

/** Shows a stack trace only for faults of the program. */
function describeFailure(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'Cancelled. Finished work is kept.';
  const known = toLeitmotifError(error);
  if (known.code !== 'internal') return known.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Internal error in Leitmotif. Please report it:\n${stack}`;
}
