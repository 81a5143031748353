/** Compares the ranking by parts without and with average sounds: in the benchmark's libraries, and in one library of all its
 *  music. */
import { partsOf } from '../../src/ranking/space-parts.ts';
import { table } from '../table.ts';
import { halfQuestion, halvedLibrary } from './halves.ts';
import { type BenchLibrary, buildLibrary, type LabelledPassage } from './library.ts';
import { estimate, estimateGain, formatEstimate, measureNames } from './metrics.ts';
import { askProductByEach, byParts, productLibraryOf, withoutAverages } from './product.ts';
import { type BenchQuery, questionsByLength, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

export async function averagesReport(context: BenchContext): Promise<string> {
  const { options, pipeline, makeIndex } = context;
  const soundtracks = await soundtrackPassages(options, ['soundtracks.json']);
  const versions = await versionPassages(options.benchDir);
  const all = [...(await soundtrackPassages(options, ['soundtracks.json', 'training.json'])), ...versions];
  const rows: string[][] = [];
  const add = async (library: BenchLibrary, protocols: ReturnType<typeof questionsByLength>): Promise<void> => {
    const product = await productLibraryOf(library, partsOf(pipeline.spaceId, pipeline.dimensions));
    for (const { name, questions } of protocols) {
      const ranks = [withoutAverages({ correctsHubs: true }), byParts({ correctsHubs: true })];
      const [before = [], now = []] = await askProductByEach(product, questions, ranks);
      rows.push([
        `${name} (${questions.length})`,
        `${library.tracks.length}`,
        formatEstimate(estimate(before, 'P@1')),
        formatEstimate(estimate(now, 'P@1')),
        ...measureNames.map((measure) => formatEstimate(estimateGain(now, before, measure))),
      ]);
    }
    await product.index.close();
    await library.index.close();
  };
  for (const [name, passages] of Object.entries({ soundtracks, versions })) {
    const library = await buildLibrary(pipeline.space, passages, makeIndex);
    await add(library, questionsByLength(name, wholeTrackQuestions(library)));
  }
  const { first, library } = await halvedLibrary(pipeline.space, context);
  await add(library, [{ name: 'halves', questions: first.map(halfQuestion) }]);
  const together = await buildLibrary(pipeline.space, all, makeIndex);
  const questions = wholeTrackQuestions(together);
  await add(together, [
    ...questionsByLength('soundtracks among all', questions.filter(isOf(soundtracks))),
    ...questionsByLength('versions among all', questions.filter(isOf(versions))),
  ]);
  const differences = measureNames.map((measure) => `${measure}, difference`);
  const head = ['questions', 'tracks', 'P@1 without averages', 'with (the default)', ...differences];
  return ['# averages: ranking by parts without and with the similarity of average sounds', table(head, rows)].join(
    '\n',
  );
}

function isOf(passages: readonly LabelledPassage[]): (question: BenchQuery) => boolean {
  const names = new Set(passages.map(({ name }) => name));
  return ({ group }) => names.has(group);
}
