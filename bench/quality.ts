/** What the answers are worth: the real pipeline over the development half of the benchmark, with floors and intervals.
 *
 *    npm run bench:quality -- [soundtracks|versions|nonmusic|halves|degraded|recordings|calibrate] [--bench DIR] [--cache DIR] [--json]
 *
 *  Without a task: all but the last two. Everything slow is cached by content and space id.
 */

import { type BenchOptions, benchOptions } from './options.ts';
import { calibrationReport } from './quality-calibration.ts';
import { degradedReport, halvesReport } from './quality-halves.ts';
import { nonmusicReport, somePieces } from './quality-nonmusic.ts';
import { faissIndex, type Pipeline, startPipeline } from './quality-pipeline.ts';
import { recordingsReport } from './quality-recordings.ts';
import { type BenchContext, soundtracksReport, versionsReport } from './quality-retrieval.ts';
import { chromaFloor, mfccFloor } from './quality-spaces.ts';

/** The model that the product has built in. */
const model = 'builtin';

type Task = (context: BenchContext) => Promise<string>;

const tasks: Readonly<Record<string, Task>> = {
  soundtracks: soundtracksReport,
  versions: versionsReport,
  nonmusic: async ({ options: { benchDir, cacheDir } }) =>
    nonmusicReport(benchDir, await somePieces(benchDir, cacheDir)),
  halves: halvesReport,
  degraded: degradedReport,
  recordings: recordingsReport,
  calibrate: calibrationReport,
};

const usual = ['soundtracks', 'versions', 'nonmusic', 'halves', 'degraded'];

async function main(options: BenchOptions): Promise<void> {
  const asked = options.tasks.length > 0 ? options.tasks : usual;
  const unknown = asked.find((task) => !Object.hasOwn(tasks, task));
  if (unknown !== undefined) {
    throw new Error(`Cannot run "${unknown}": expected one of ${Object.keys(tasks).join(', ')}`);
  }
  const pipeline = await startPipeline(options.cacheDir, model);
  try {
    console.log(`Space ${pipeline.spaceId}; 95 % bootstrap intervals over recordings\n`);
    const context = contextOf(options, pipeline);
    for (const task of asked) console.log(`${await tasks[task]?.(context)}\n`);
  } finally {
    await pipeline.close();
  }
}

function contextOf(options: BenchOptions, pipeline: Pipeline): BenchContext {
  const { cacheDir } = options;
  return {
    options,
    pipeline,
    mfcc: mfccFloor(cacheDir),
    chroma: chromaFloor(cacheDir),
    makeIndex: faissIndex,
  };
}

await main(benchOptions(process.argv.slice(2))).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
