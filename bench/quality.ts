/** Measures the quality of answers: the real pipeline over the development half of the benchmark, with baselines and intervals.
 *
 *    npm run bench:quality -- [soundtracks|versions|nonmusic|halves|degraded|recordings|proof|duplicates|hubs|parts|averages|verdicts|compare|compare-whole|compare-damaged]
 *        [--model NAME]... [--bench DIR] [--cache DIR] [--json]
 *
 *  Several models are in one table if a task compares spaces, otherwise in separate tables. Without a task: the first five. Slow
 *  results are cached by content and space id.
 */

import { type BenchOptions, benchOptions } from './options.ts';
import { averagesReport } from './quality/averages.ts';
import { compareDamagedReport, compareReport, compareWholeReport } from './quality/compare.ts';
import { duplicatesReport } from './quality/duplicates.ts';
import { degradedReport, halvesReport } from './quality/halves.ts';
import { hubsReport } from './quality/hubs.ts';
import { nonmusicReport } from './quality/nonmusic.ts';
import { partsReport } from './quality/parts.ts';
import { faissIndex, type Pipeline, startPipeline } from './quality/pipeline.ts';
import { proofReport } from './quality/proof.ts';
import { recordingsReport } from './quality/recordings.ts';
import { type BenchContext, soundtracksReport, versionsReport } from './quality/retrieval.ts';
import { chromaFloor, mfccFloor } from './quality/spaces.ts';
import { verdictsReport } from './quality/verdicts.ts';

type Task = (context: BenchContext) => Promise<string>;

const tasks: Readonly<Record<string, Task>> = {
  soundtracks: soundtracksReport,
  versions: versionsReport,
  nonmusic: ({ options, pipeline }) => nonmusicReport(options, pipeline.space.name),
  halves: halvesReport,
  degraded: degradedReport,
  recordings: recordingsReport,
  proof: proofReport,
  duplicates: duplicatesReport,
  hubs: hubsReport,
  parts: partsReport,
  averages: averagesReport,
  verdicts: verdictsReport,
  compare: compareReport,
  'compare-whole': compareWholeReport,
  'compare-damaged': compareDamagedReport,
};

/** Tasks that get all models at once, to compare them. */
const comparing = ['soundtracks', 'versions', 'halves', 'compare', 'compare-whole', 'compare-damaged', 'verdicts'];
/** Tasks without a model. */
const withoutModel = ['duplicates', 'proof'];

const usual = ['soundtracks', 'versions', 'nonmusic', 'halves', 'degraded'];

async function main(options: BenchOptions): Promise<void> {
  const asked = options.tasks.length > 0 ? options.tasks : usual;
  const unknown = asked.find((task) => !Object.hasOwn(tasks, task));
  if (unknown !== undefined) {
    throw new Error(`Cannot run "${unknown}": expected one of ${Object.keys(tasks).join(', ')}`);
  }
  const pipelines: Pipeline[] = [];
  try {
    for (const model of options.models) pipelines.push(await startPipeline(options.cacheDir, model));
    for (const { spaceId } of pipelines) console.log(`Space ${spaceId}`);
    console.log('95 % bootstrap intervals over recordings\n');
    for (const task of asked) {
      for (const context of contextsOf(task, options, pipelines)) console.log(`${await tasks[task]?.(context)}\n`);
    }
  } finally {
    for (const pipeline of pipelines) await pipeline.close();
  }
}

/** One context per run of the task. */
function contextsOf(task: string, options: BenchOptions, pipelines: readonly Pipeline[]): BenchContext[] {
  const [first, ...rivals] = pipelines;
  if (!first) return [];
  if (comparing.includes(task)) return [contextOf(options, first, rivals)];
  const own = withoutModel.includes(task) ? [first] : pipelines;
  return own.map((pipeline) => contextOf(options, pipeline, []));
}

function contextOf(options: BenchOptions, pipeline: Pipeline, rivals: readonly Pipeline[]): BenchContext {
  const { cacheDir } = options;
  return {
    options,
    pipeline,
    rivals,
    mfcc: mfccFloor(cacheDir),
    chroma: chromaFloor(cacheDir),
    makeIndex: faissIndex,
  };
}

await main(benchOptions(process.argv.slice(2))).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
