/** `npm run similar -- --text "solo piano, slow and sad"` */
import Table from 'cli-table3';
import { formatDuration, formatTime, oneLine, trackName } from '../format.ts';
import type { WordsAnswer, WordsResult } from '../query/find-by-words.ts';
import { wordsJson } from '../query/words-json.ts';
import type { Services } from '../services/services.ts';
import { refuseOptions, type SimilarCommandOptions } from './query-options.ts';
import { noBorders } from './render-answer.ts';

export async function wordsCommand(
  { queries }: Pick<Services, 'queries'>,
  text: string,
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  refuseOptions('--text', options, ['clips', 'picture', 'fusion', 'focus', 'from', 'to']);
  const answer = await queries.byWords({ text, resultsMax: options.top, signal });
  process.stdout.write(options.json ? `${JSON.stringify(wordsJson(answer), null, 2)}\n` : renderWords(answer));
  return 0;
}

export function renderWords({ text, generation, results, timingsMs }: WordsAnswer): string {
  const table = new Table({
    head: ['#', 'piece', 'from', 'similarity', 'also at'],
    colAligns: ['right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
    chars: noBorders,
  });
  for (const result of results) table.push(row(result));
  const took = `took ${formatDuration(timingsMs.total / 1000)}; generation ${generation}`;
  const note = 'Compare these similarities only within one answer.';
  return `Nearest to "${oneLine(text, 120)}"\n${table.toString()}\n${note}\n${took}\n`;
}

function row({ rank, track, moments }: WordsResult): string[] {
  const [best, ...others] = moments;
  const artist = track.artist ? `, ${track.artist}` : '';
  return [
    String(rank),
    oneLine(`${trackName(track)}${artist}`, 48),
    best ? formatTime(best.startSec) : '',
    best ? best.similarity.toFixed(4) : '',
    others.map(({ startSec }) => formatTime(startSec)).join(', '),
  ];
}
