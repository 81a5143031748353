/** The progress bar of every command, on stderr: where nobody watches, a line now and then instead. */
import cliProgress from 'cli-progress';

/** How often a line is written when nobody watches. */
const noTtyEveryMs = 5_000;

/** @param format as cli-progress has it: {bar}, {value}, {total}, and whatever is given beside them */
export function progressBar(format: string): cliProgress.SingleBar {
  return new cliProgress.SingleBar({
    format,
    stream: process.stderr,
    barsize: 30,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: noTtyEveryMs,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
}
