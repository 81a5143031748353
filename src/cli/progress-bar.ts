/** The progress bar of all commands, on stderr. Without a terminal it prints a line on each change instead. */
import cliProgress from 'cli-progress';
import { linesOfProgress, type ProgressBar } from './progress-lines.ts';

/** @param format of cli-progress: {bar}, {value}, {total}, and the names in the payload */
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
