/** The progress bar of every command, on stderr: where nobody watches, a line when something has changed instead. */
import cliProgress from 'cli-progress';
import { linesOfProgress, type ProgressBar } from './progress-lines.ts';

/** @param format as cli-progress has it: {bar}, {value}, {total}, and the names in the payload */
export function progressBar(format: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return linesOfProgress(format, (line) => stream.write(line));
  return new cliProgress.SingleBar({
    format,
    stream,
    barsize: 30,
    hideCursor: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
}
