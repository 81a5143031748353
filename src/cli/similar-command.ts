/** `npm run similar -- FILE` */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { counted, formatTime } from '../format.ts';
import type { ResultClips } from '../media/clips.ts';
import { renderPicture } from '../media/picture.ts';
import type { Answer } from '../query/answer.ts';
import { answerJson } from '../query/answer-json.ts';
import { focusOf, fusionOf } from '../query/query-request.ts';
import type { Services } from '../services/services.ts';
import { renderAnswer } from './render-answer.ts';

export interface SimilarCommandOptions {
  readonly json?: true;
  readonly top: number;
  readonly clips?: string;
  readonly picture?: string;
  readonly fusion?: string;
  readonly focus?: string;
  readonly from?: number;
  readonly to?: number;
}

export interface ShownAnswer {
  readonly answer: Answer;
  readonly clips: ReadonlyMap<number, ResultClips>;
}

type SimilarServices = Pick<Services, 'config' | 'queries'>;

export async function printSimilar(
  services: SimilarServices,
  file: string,
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  const { answer, clips } = await askAndWrite(services, file, options, signal);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(answerJson(answer, clips), null, 2)}\n`);
  } else {
    const picturePath = options.picture;
    process.stdout.write(renderAnswer(answer, { clips, picturePath }));
  }
  return 0;
}

/** Runs a query and writes the requested clips and picture. */
export async function askAndWrite(
  { config, queries }: SimilarServices,
  file: string,
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<ShownAnswer> {
  const status = statusLine();
  try {
    const answer = await queries.similar({
      ...partOf(options),
      path: path.resolve(file),
      neighbours: config.neighbours,
      fusion: fusionOf(options.fusion ?? config.fusion),
      focus: focusOf(options.focus),
      resultsMax: options.top,
      includeNonMusic: config.includeNonMusic,
      hubCorrection: config.hubCorrection,
      signal,
      onProgress: ({ decodedSec, chunksDone }) =>
        status.show(`decoding: ${formatTime(decodedSec)}, ${counted(chunksDone, 'chunk')}`),
    });
    if (options.picture) await writeFile(options.picture, await renderPicture(answer));
    if (options.clips === undefined) return { answer, clips: new Map() };
    status.show('cutting clips');
    const cut = await queries.clips(answer, {
      queryPath: path.resolve(file),
      dir: path.resolve(options.clips),
      signal,
    });
    status.clear();
    for (const [rank, { message }] of cut.problems) process.stderr.write(`No clips of result ${rank}: ${message}\n`);
    return { answer: withClipsTime(answer, cut.tookMs), clips: cut.byRank };
  } finally {
    status.clear();
  }
}

function withClipsTime(answer: Answer, clipsMs: number): Answer {
  const { timingsMs } = answer;
  return { ...answer, timingsMs: { ...timingsMs, clips: clipsMs, total: timingsMs.total + clipsMs } };
}

function partOf({ from, to }: SimilarCommandOptions): { fromSec?: number; toSec?: number } {
  if (from !== undefined && to !== undefined && to <= from) {
    throw new LeitmotifError(
      'bad-request',
      `Cannot search with ${formatTime(from)} to ${formatTime(to)}: expected --to after --from`,
    );
  }
  return { ...(from === undefined ? {} : { fromSec: from }), ...(to === undefined ? {} : { toSec: to }) };
}

/** A status line on stderr that overwrites itself. Prints nothing without a terminal. */
function statusLine() {
  const { stderr } = process;
  const write = (text: string): void => {
    if (stderr.isTTY) stderr.write(`\r\x1b[K${text}`);
  };
  return { show: write, clear: () => write('') };
}
