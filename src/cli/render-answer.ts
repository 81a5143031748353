/** Renders an answer for the terminal: the verdict, the ranking and the evidence for each track; and the names of its clips, which
 *  are cut afterwards. Pure. */
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { counted, formatDuration, formatTime, oneLine, trackName } from '../format.ts';
import type { ResultClips } from '../media/clips.ts';
import { type Answer, musicChunks, type Result } from '../query/answer.ts';
import { closenessWord, matchNumber, shownMatchMin } from '../query/answer-facts.ts';
import { adviceText, alsoAs, reasonFor, verdictSentence } from '../query/answer-words.ts';

/** Most moments shown per track. The picture and --json show all. */
const matchesShownMax = 3;

export interface RenderOptions {
  /** Number of results that are left out for their low match. */
  readonly hidden?: number;
}

export function renderAnswer(answer: Answer, { hidden = 0 }: RenderOptions = {}): string {
  const parts = [styleText('bold', oneLine(verdictSentence(answer), 200)), queryLine(answer)];
  if (answer.results.length > 0) parts.push(ranking(answer), ...evidence(answer));
  if (hidden > 0) parts.push(hiddenLine(hidden));
  const advice = adviceText(answer);
  if (advice) parts.push(advice);
  parts.push(styleText('dim', timingsLine(answer)));
  return `${parts.join('\n')}\n`;
}

function queryLine(answer: Answer): string {
  const { query } = answer;
  const music = musicChunks(query).length;
  const excluded = query.chunks.length - music;
  const whole = query.fromSec === 0 && query.toSec >= query.durationSec - 0.5;
  const part = whole ? '' : `, part ${formatTime(query.fromSec)} to ${formatTime(query.toSec)}`;
  const out = excluded > 0 ? `, ${excluded} excluded as ${excludedKinds(answer)}` : '';
  return `yours: ${oneLine(query.name, 60)}, ${formatTime(query.durationSec)}${part}, ${counted(music, 'chunk')} compared${out}`;
}

function excludedKinds({ query }: Answer): string {
  return [...new Set(query.chunks.map((chunk) => chunk.kind))].filter((kind) => kind !== 'music').join(', ');
}

function ranking(answer: Answer): string {
  const table = new Table({
    head: ['#', 'piece', ...measureNames(answer), 'yours', 'theirs', 'distance'],
    colAligns: ['right', 'left', ...measureNames(answer).map(() => 'right' as const), 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
    chars: noBorders,
  });
  for (const result of answer.results) table.push(rankingRow(result, answer));
  return table.toString();
}

/** The original's columns for the original's fusion; else the match, if the library has a spread. */
function measureNames({ fusion, results }: Answer): string[] {
  if (fusion === 'votes') return ['score', 'votes', 'sum'];
  return results.some(({ match }) => match !== undefined) ? ['match'] : ['score'];
}

function measuresOf(result: Result, answer: Answer): string[] {
  const { score, votes, totalSimilarity } = result;
  return measureNames(answer).map((name) => {
    if (name === 'match') return String(matchNumber(result, answer) ?? '');
    return name === 'votes' ? String(votes) : name === 'sum' ? totalSimilarity.toFixed(2) : score.toFixed(4);
  });
}

function rankingRow(result: Result, answer: Answer): string[] {
  const best = result.hits[0];
  const artist = result.track.artist ? `, ${result.track.artist}` : '';
  return [
    String(result.rank),
    oneLine(`${trackName(result.track)}${artist}`, 48),
    ...measuresOf(result, answer),
    best ? formatTime(best.queryStartSec) : '',
    best ? formatTime(best.trackStartSec) : '',
    `${result.bestDistance.toFixed(4)} ${closenessWord(result, answer)}`,
  ];
}

function hiddenLine(results: number): string {
  return styleText(
    'dim',
    `${counted(results, 'further result')} with a match below ${shownMatchMin} ${results === 1 ? 'is' : 'are'} not shown; --json has all`,
  );
}

function evidence(answer: Answer): string[] {
  return answer.results.map((result) => {
    const more = result.hits
      .slice(1, matchesShownMax)
      .map((hit) => `${formatTime(hit.queryStartSec)} - ${formatTime(hit.trackStartSec)} (${hit.distance.toFixed(2)})`);
    const also = more.length > 0 ? `; also ${more.join(', ')}` : '';
    const lines = [`${String(result.rank).padStart(3)}  ${reasonFor(result, answer)}${also}`];
    if (result.alsoAs) lines.push(`     ${alsoAs(result)}`);
    return lines.join('\n');
  });
}

/** The names of a result's clips. */
export function renderClips(rank: number, { theirs, ab }: ResultClips): string {
  const lines = [`${String(rank).padStart(3)}  theirs: ${theirs}`, ...(ab ? [`     yours then theirs: ${ab}`] : [])];
  return `${lines.join('\n')}\n`;
}

export function renderClipsTime(tookMs: number): string {
  return `${styleText('dim', `clips took ${formatDuration(tookMs / 1000)}`)}\n`;
}

function timingsLine({ timingsMs, fusion, generation }: Answer): string {
  const { total, decode, embed, search, fuse } = timingsMs;
  const sec = (ms: number) => (ms / 1000).toFixed(2);
  return (
    `took ${formatDuration(total / 1000)} (decode ${sec(decode)}, embed ${sec(embed)}, search ${sec(search)}, ` +
    `fuse ${sec(fuse)}); fusion ${fusion}, generation ${generation}`
  );
}

export const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};
