/** Measures how long a caller of the web API waits for the answer to a 5-minute mp3, and how long the command line takes for it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { makeClip, tagged } from '../bot/clips.ts';
import { indexOnce, met, recordingsOf, seconds } from '../bot/stage.ts';
import { processFigures } from '../process-figures.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { type WebBenchOptions, WebProcess } from './process.ts';

export interface AnswerBenchResult {
  readonly webMs: readonly number[];
  readonly terminalMs: readonly number[];
  readonly residentBytes: number;
}

const root = path.resolve(import.meta.dirname, '../..');
const rounds = 5;
const queryMinutes = 5;
const ratioMax = 1.15;

export async function benchAnswers({
  music,
  environment,
  log,
}: WebBenchOptions & { readonly music: string }): Promise<AnswerBenchResult> {
  await using ending = new AsyncDisposableStack();
  log(`indexing ${music}`);
  const indexDir = await indexOnce(music, environment);
  ending.defer(() => rm(indexDir, { recursive: true }));
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-answers-'));
  ending.defer(() => rm(folder, { recursive: true }));
  const web = ending.use(await WebProcess.start(indexDir, environment));
  const clip = await makeClip(recordingsOf(music), queryMinutes * 60, 0);
  // The first query waits for worker and index to start.
  await askWeb(web.url, tagged(clip, 0));
  const [webMs, terminalMs]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    // Other bytes each time: equal queries are answered from what is stored.
    const recording = tagged(clip, round);
    webMs.push(await askWeb(web.url, recording));
    const file = path.join(folder, `${round}.mp3`);
    await writeFile(file, recording);
    const startedAt = performance.now();
    const env = { ...environment, INDEX_DIR: indexDir };
    const options = { env, maxBuffer: 64_000_000 };
    await promisify(execFile)(process.execPath, [path.join(root, 'src/cli.ts'), 'similar', file, '--json'], options);
    terminalMs.push(performance.now() - startedAt);
    log(`answer ${round}: web ${seconds(webMs.at(-1) ?? 0)}, terminal ${seconds(terminalMs.at(-1) ?? 0)}`);
  }
  return { webMs, terminalMs, residentBytes: processFigures(web.pid)?.residentBytes ?? 0 };
}

/** @returns milliseconds from the upload to the answer */
export async function askWeb(url: string, recording: Uint8Array): Promise<number> {
  const startedAt = performance.now();
  const form = new FormData();
  form.set('audio', new Blob([Uint8Array.from(recording)], { type: 'audio/mpeg' }), 'query.mp3');
  const posted = (await (await fetch(`${url}/api/v1/queries`, { method: 'POST', body: form })).json()) as {
    self: string;
    events: string;
  };
  await (await fetch(url + posted.events)).text();
  const query = (await (await fetch(url + posted.self)).json()) as { state: string };
  if (query.state !== 'done') throw new Error(`Cannot measure: the query ended as ${query.state}`);
  return performance.now() - startedAt;
}

export function renderAnswerBench({ webMs, terminalMs, residentBytes }: AnswerBenchResult): string {
  const ratio = median(webMs) / median(terminalMs);
  const row = (name: string, ms: readonly number[]): string[] => [name, seconds(median(ms)), seconds(Math.max(...ms))];
  return [
    table(
      [`a ${queryMinutes}-minute mp3, ${webMs.length} times each`, 'median', 'longest'],
      [row('web API, from the upload to the answer', webMs), row('npm run similar, with its start', terminalMs)],
    ),
    `Ratio ${ratio.toFixed(2)}; target at most ${ratioMax}, met: ${met(ratio <= ratioMax)}. ` +
      `Memory of the web server, without its worker and index: ${Math.round(residentBytes / 1e6)} MB.\n`,
  ].join('\n');
}
