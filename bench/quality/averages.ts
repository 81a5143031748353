/** What the average sounds of the tracks add to the ranking by parts: in the benchmark's libraries, and in one that holds all of its
 *  music. */
import { partsOf } from '../../src/ranking/space-parts.ts';
import { table } from '../table.ts';
import { halfQuestion, halvedLibrary } from './halves.ts';
import { type BenchLibrary, buildLibrary, type LabelledPassage } from './library.ts';
import { estimate, estimateGain, formatEstimate, measureNames } from './metrics.ts';
import { askProduct, byParts, productLibraryOf, withoutAverages } from './product.ts';
import { type BenchQuery, excerptQuestions, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

interface Protocol {
  readonly name: string;
  readonly questions: readonly BenchQuery[];
}

export async function averagesReport(context: BenchContext): Promise<string> {
  const { options, pipeline, makeIndex } = context;
  const soundtracks = await soundtrackPassages(options, ['soundtracks.json']);
  const versions = await versionPassages(options.benchDir);
  const all = [...(await soundtrackPassages(options, ['soundtracks.json', 'training.json'])), ...versions];
  const rows: string[][] = [];
  const add = async (library: BenchLibrary, protocols: readonly Protocol[]): Promise<void> => {
    const product = await productLibraryOf(library, partsOf(pipeline.spaceId, pipeline.dimensions));
    for (const { name, questions } of protocols) {
      const before = await askProduct(product, questions, withoutAverages({ correctsHubs: true }));
      const now = await askProduct(product, questions, byParts({ correctsHubs: true }));
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
    await add(library, lengthsOf(name, wholeTrackQuestions(library)));
  }
  const { first, library } = await halvedLibrary(pipeline.space, context);
  await add(library, [{ name: 'halves', questions: first.map(halfQuestion) }]);
  const together = await buildLibrary(pipeline.space, all, makeIndex);
  const questions = wholeTrackQuestions(together);
  await add(together, [
    ...lengthsOf('soundtracks among all', questions.filter(isOf(soundtracks))),
    ...lengthsOf('versions among all', questions.filter(isOf(versions))),
  ]);
  const differences = measureNames.map((measure) => `${measure}, difference`);
  const head = ['questions', 'tracks', 'P@1 without averages', 'with (the default)', ...differences];
  return ['# averages: the average sound of query and track beside the votes', table(head, rows)].join('\n');
}

function lengthsOf(name: string, whole: readonly BenchQuery[]): Protocol[] {
  return [
    { name: `${name}, whole tracks`, questions: whole },
    { name: `${name}, 60 s`, questions: excerptQuestions(whole, 6) },
    { name: `${name}, 30 s`, questions: excerptQuestions(whole, 3) },
  ];
}

function isOf(passages: readonly LabelledPassage[]): (question: BenchQuery) => boolean {
  const names = new Set(passages.map(({ name }) => name));
  return ({ group }) => names.has(group);
}
