/** `npm run similar -- FILE` */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { counted, formatTime } from '../format.ts';
import type { ResultClips } from '../media/clips.ts';
import type { Answer } from '../query/answer.ts';
import { answerJson } from '../query/answer-json.ts';
import type { Services } from '../services/services.ts';
import { printedAnswer, type SimilarCommandOptions, searchOf, writePicture } from './query-options.ts';
import { renderAnswer, renderClips, renderClipsTime } from './render-answer.ts';

type SimilarServices = Pick<Services, 'config' | 'queries'>;

/** Prints the ranking as soon as it exists; then makes and names the picture and the clips, the first result's first. As JSON,
 *  prints all at the end, and also the results that are not shown. */
export async function printSimilar(
  services: SimilarServices,
  file: string,
  options: SimilarCommandOptions,
  signal: AbortSignal,
): Promise<number> {
  using status = statusLine();
  const { answer, hidden } = await askFor(services, file, options, { signal, status });
  status.clear();
  const print = (text: string) => {
    if (!options.json) process.stdout.write(text);
  };
  print(renderAnswer(answer, { hidden }));
  await writePicture(answer, options, print);
  const { clips, tookMs } = await writeClips(services, answer, file, options, { signal, status, print });
  if (options.json)
    process.stdout.write(`${JSON.stringify(answerJson(withClipsTime(answer, tookMs), clips), null, 2)}\n`);
  return 0;
}

interface Running {
  readonly signal: AbortSignal;
  readonly status: StatusLine;
}

/** @returns the answer, and the number of results that it leaves out */
async function askFor(
  { config, queries }: SimilarServices,
  file: string,
  options: SimilarCommandOptions,
  { signal, status }: Running,
): Promise<{ answer: Answer; hidden: number }> {
  const found = await queries.similar({
    ...searchOf(options, config),
    ...partOf(options),
    path: path.resolve(file),
    signal,
    onProgress: ({ decodedSec, chunksDone }) =>
      status.show(`decoding: ${formatTime(decodedSec)}, ${counted(chunksDone, 'chunk')}`),
  });
  return printedAnswer(found, options);
}

async function writeClips(
  { queries }: SimilarServices,
  answer: Answer,
  file: string,
  options: SimilarCommandOptions,
  { signal, status, print }: Running & { readonly print: (text: string) => void },
): Promise<{ clips: Map<number, ResultClips>; tookMs: number }> {
  const clips = new Map<number, ResultClips>();
  const startedMs = performance.now();
  if (options.clips === undefined) return { clips, tookMs: 0 };
  status.show('cutting clips');
  const where = { queryPath: path.resolve(file), dir: path.resolve(options.clips), signal };
  for await (const cut of queries.clips(answer, where)) {
    status.clear();
    const { rank } = cut.result;
    if ('problem' in cut) {
      process.stderr.write(`No clips of result ${rank}: ${cut.problem.message}\n`);
      continue;
    }
    clips.set(rank, cut.clips);
    print(renderClips(rank, cut.clips));
  }
  const tookMs = performance.now() - startedMs;
  print(renderClipsTime(tookMs));
  return { clips, tookMs };
}

function withClipsTime(answer: Answer, clipsMs: number): Answer {
  const { timingsMs } = answer;
  return { ...answer, timingsMs: { ...timingsMs, clips: clipsMs, total: timingsMs.total + clipsMs } };
}

function partOf({ from, to }: SimilarCommandOptions): { fromSec: number | undefined; toSec: number | undefined } {
  if (from !== undefined && to !== undefined && to <= from) {
    throw new LeitmotifError(
      'bad-request',
      `Cannot search with ${formatTime(from)} to ${formatTime(to)}: expected --to after --from`,
    );
  }
  return { fromSec: from, toSec: to };
}

interface StatusLine extends Disposable {
  readonly show: (text: string) => void;
  readonly clear: () => void;
}

/** A status line on stderr that overwrites itself. Prints nothing without a terminal. */
function statusLine(): StatusLine {
  const { stderr } = process;
  const show = (text: string): void => {
    if (stderr.isTTY) stderr.write(`\r\x1b[K${text}`);
  };
  const clear = () => show('');
  return { show, clear, [Symbol.dispose]: clear };
}
