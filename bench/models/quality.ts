/** Quality of the models on the development half of the benchmark, in one small table; `npm run bench:quality` has the rest. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BenchOptions } from '../options.ts';
import { readTracks } from '../quality/corpus.ts';
import { buildLibrary, type LabelledPassage } from '../quality/library.ts';
import { estimate, formatEstimate } from '../quality/metrics.ts';
import { faissIndex, startPipeline } from '../quality/pipeline.ts';
import { askByChunk, wholeTrackQuestions } from '../quality/protocols.ts';
import { soundtrackPassages } from '../quality/retrieval.ts';
import { type BenchSpace, chromaFloor, mfccFloor } from '../quality/spaces.ts';
import { readVersions } from '../quality/versions.ts';
import { table } from '../table.ts';

export interface QualityModel {
  readonly name: string;
  /** The measured speed, to estimate the time for the corpus. */
  readonly windowsPerSec: number;
}

/** A model that would take longer is skipped; use `npm run bench:quality -- --model NAME`. */
export interface QualityBudget {
  readonly minutesMax: number;
}

export async function modelsQuality(
  models: readonly QualityModel[],
  options: Pick<BenchOptions, 'benchDir' | 'cacheDir'>,
  { minutesMax }: QualityBudget,
): Promise<string> {
  const lists = path.join(options.benchDir, 'soundtracks.json');
  if (!existsSync(lists))
    return `Quality not measured: expected soundtracks.json in ${options.benchDir} (--bench DIR)\n`;
  const corpusSec = (await readTracks(lists)).reduce((sum, { durationSec }) => sum + durationSec, 0);
  const minutesOf = ({ windowsPerSec }: QualityModel): number => corpusSec / 10 / windowsPerSec / 60;
  const affordable = models.filter((model) => minutesOf(model) <= minutesMax);
  const quartets = (await readVersions(options.benchDir)).map(({ path: file, pieceId }) => ({
    path: file,
    name: file,
    label: pieceId,
  }));
  const soundtracks = await soundtrackPassages({ ...options, tasks: [], models: [], json: false }, [
    'soundtracks.json',
  ]);
  const rowOf = async (space: BenchSpace): Promise<string[]> => [
    space.name,
    await precision(space, soundtracks),
    await precision(space, quartets),
  ];
  const rows = [await rowOf(mfccFloor(options.cacheDir)), await rowOf(chromaFloor(options.cacheDir))];
  for (const { name } of affordable) {
    const pipeline = await startPipeline(options.cacheDir, name);
    try {
      rows.push(await rowOf(pipeline.space));
    } finally {
      await pipeline.close();
    }
  }
  const left = models.filter((model) => !affordable.includes(model));
  return [
    table(['P@1 of 10 s chunks, 95 % interval', 'soundtracks', 'quartets'], rows),
    ...left.map(
      (model) =>
        `${model.name}: about ${minutesOf(model).toFixed(0)} minutes; --quality-minutes N allows them, or ` +
        `npm run bench:quality -- soundtracks versions --model ${model.name}`,
    ),
  ].join('\n');
}

async function precision(space: BenchSpace, passages: readonly LabelledPassage[]): Promise<string> {
  const library = await buildLibrary(space, passages, faissIndex);
  try {
    return formatEstimate(estimate(await askByChunk(library, wholeTrackQuestions(library)), 'P@1'));
  } finally {
    await library.index.close();
  }
}
