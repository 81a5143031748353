/** "Sounds like": do soundtracks find their own (timbre), and pieces their other performances (harmony)? */
import { join } from 'node:path';
import type { BenchOptions } from '../options.ts';
import { table } from '../table.ts';
import { locateTrack, readTracks } from './corpus.ts';
import { type BenchFusionName, benchFusionNames } from './fusions.ts';
import { buildLibrary, type LabelledPassage, type MakeIndex } from './library.ts';
import { estimate, estimateGain, formatEstimate, measureNames, type Outcome } from './metrics.ts';
import type { Pipeline } from './pipeline.ts';
import { askByChunk, askByFusion, type BenchQuery, excerptQuestions, wholeTrackQuestions } from './protocols.ts';
import type { BenchSpace } from './spaces.ts';
import { versionPassages } from './versions.ts';

/** The dependencies of a task. */
export interface BenchContext {
  readonly options: BenchOptions;
  readonly pipeline: Pipeline;
  /** Other models, for tasks that compare spaces. */
  readonly rivals: readonly Pipeline[];
  readonly mfcc: BenchSpace;
  readonly chroma: BenchSpace;
  readonly makeIndex: MakeIndex;
}

export async function soundtracksReport(context: BenchContext): Promise<string> {
  const passages = await soundtrackPassages(context.options, ['soundtracks.json']);
  return retrievalReport('soundtracks: a track finds others of its soundtrack', passages, context, [context.mfcc]);
}

export async function versionsReport(context: BenchContext): Promise<string> {
  const passages = await versionPassages(context.options.benchDir);
  const floors = [context.mfcc, context.chroma];
  return retrievalReport('versions: a piece finds its other performances', passages, context, floors);
}

/** The tracks of the lists, each once. */
export async function soundtrackPassages(options: BenchOptions, lists: readonly string[]): Promise<LabelledPassage[]> {
  const passages = new Map<string, LabelledPassage>();
  for (const list of lists) {
    for (const track of await readTracks(join(options.benchDir, list))) {
      const name = `${track.package}/${track.path}`;
      if (passages.has(name)) continue;
      passages.set(name, { name, label: track.soundtrack, path: await locateTrack(track, options.cacheDir) });
    }
  }
  return [...passages.values()];
}

async function retrievalReport(
  title: string,
  passages: readonly LabelledPassage[],
  context: BenchContext,
  floors: readonly BenchSpace[],
): Promise<string> {
  const chunkRows: string[][] = [];
  const byFusion: string[] = [];
  const own = [context.pipeline, ...context.rivals].map(({ space }) => space);
  for (const space of [...floors, ...own]) {
    const library = await buildLibrary(space, passages, context.makeIndex);
    const questions = wholeTrackQuestions(library);
    const outcomes = await askByChunk(library, questions);
    chunkRows.push([space.name, ...measureNames.map((measure) => formatEstimate(estimate(outcomes, measure)))]);
    if (own.includes(space)) {
      const ask = async (asked: readonly BenchQuery[]) => fusionTable(await askByFusion(library, asked));
      byFusion.push(
        `${space.name}, by recording, whole tracks ask (${questions.length}):`,
        await ask(questions),
        'By recording, 60 s excerpts ask (up to three a track):',
        await ask(excerptQuestions(questions, 6)),
        'By recording, 30 s excerpts ask (up to three a track):',
        await ask(excerptQuestions(questions, 3)),
      );
    }
    await library.index.close();
  }
  const byChunk = table(['10 s chunks, own recording left out', ...measureNames], chunkRows);
  return [`# ${title}`, byChunk, ...byFusion].join('\n');
}

/** One row a fusion, with its gain over the original's. */
export function fusionTable(outcomes: ReadonlyMap<BenchFusionName, readonly Outcome[]>): string {
  const original = outcomes.get('votes') ?? [];
  const rows = benchFusionNames.map((name) => {
    const own = outcomes.get(name) ?? [];
    const gain = name === 'votes' ? '' : formatEstimate(estimateGain(own, original, 'P@1'));
    return [name, ...measureNames.map((measure) => formatEstimate(estimate(own, measure))), gain];
  });
  return table(['fusion', ...measureNames, 'P@1 minus that of votes'], rows);
}
