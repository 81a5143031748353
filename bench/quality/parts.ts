/** The parts of the space: searched and scored separately, compared with the whole vector. */
import type { RankedTrack } from '../../src/domain.ts';
import { type Neighbourhood, rankByVotes } from '../../src/ranking/rank-by-parts.ts';
import { partsOf, wholeOf } from '../../src/ranking/space-parts.ts';
import { table } from '../table.ts';
import { halfQuestion, halvedLibrary } from './halves.ts';
import { type BenchLibrary, buildLibrary, type LabelledPassage } from './library.ts';
import { estimate, estimateGain, formatEstimate, type Outcome } from './metrics.ts';
import { askProductByEach, byParts, type ProductLibrary, productLibraryOf } from './product.ts';
import { type BenchQuery, questionsByLength, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

interface Way {
  readonly name: string;
  readonly of: 'whole' | 'parts';
  readonly rank: (found: Neighbourhood) => RankedTrack[];
}

const before: Way = {
  name: 'whole vector, margin, hubs corrected',
  of: 'whole',
  rank: byParts({ correctsHubs: true }),
};

const ways: readonly Way[] = [
  before,
  { name: 'whole vector, margin', of: 'whole', rank: byParts({}) },
  { name: 'whole vector, votes (the original)', of: 'whole', rank: rankByVotes },
  { name: 'parts, hubs corrected (the default)', of: 'parts', rank: byParts({ correctsHubs: true }) },
  { name: 'parts', of: 'parts', rank: byParts({}) },
  { name: 'focus: sound, hubs corrected', of: 'parts', rank: byParts({ correctsHubs: true, focus: 'sound' }) },
  { name: 'focus: harmony, hubs corrected', of: 'parts', rank: byParts({ correctsHubs: true, focus: 'harmony' }) },
];

interface Protocol {
  readonly name: string;
  readonly library: BenchLibrary;
  readonly questions: readonly BenchQuery[];
}

export async function partsReport(context: BenchContext): Promise<string> {
  const { options, pipeline } = context;
  const dimensions = pipeline.dimensions;
  const parts = partsOf(pipeline.spaceId, dimensions);
  if (parts.length === 1) return `# parts: ${pipeline.spaceId} has one part`;
  const rows: string[][] = [];
  const soundtracks = await soundtrackPassages(options, ['soundtracks.json']);
  const versions = await versionPassages(options.benchDir);
  for (const protocols of [
    await excerptsOf('soundtracks', soundtracks, context),
    await excerptsOf('versions', versions, context),
    await halvesOf(context),
  ]) {
    const [first] = protocols;
    if (!first) continue;
    const libraries = {
      whole: await productLibraryOf(first.library, [wholeOf(dimensions)]),
      parts: await productLibraryOf(first.library, parts),
    };
    for (const protocol of protocols) rows.push(...(await rowsOf(protocol, libraries)));
    for (const { index } of [libraries.whole, libraries.parts, first.library]) await index.close();
  }
  const head = ['questions', 'ranking', 'P@1', 'MRR', 'P@1 minus that of the first row'];
  return [
    `# parts: ${parts.map(({ name, dimensions: own }) => `${name} (${own})`).join(', ')}`,
    table(head, rows),
  ].join('\n');
}

async function rowsOf(
  { name, questions }: Protocol,
  libraries: Readonly<Record<Way['of'], ProductLibrary>>,
): Promise<string[][]> {
  const outcomes = new Map<Way, Outcome[]>();
  for (const kind of ['whole', 'parts'] as const) {
    const own = ways.filter((way) => way.of === kind);
    const ranks = own.map(({ rank }) => rank);
    const found = await askProductByEach(libraries[kind], questions, ranks);
    for (const [at, way] of own.entries()) outcomes.set(way, found[at] ?? []);
  }
  return [...outcomes].map(([way, own]) => [
    `${name} (${questions.length})`,
    way.name,
    formatEstimate(estimate(own, 'P@1')),
    formatEstimate(estimate(own, 'MRR')),
    way === before ? '' : formatEstimate(estimateGain(own, outcomes.get(before) ?? [], 'P@1')),
  ]);
}

async function excerptsOf(
  name: string,
  passages: readonly LabelledPassage[],
  { pipeline, makeIndex }: BenchContext,
): Promise<Protocol[]> {
  const library = await buildLibrary(pipeline.space, passages, makeIndex);
  const whole = wholeTrackQuestions(library);
  return questionsByLength(name, whole).map((protocol) => ({ ...protocol, library }));
}

async function halvesOf(context: BenchContext): Promise<Protocol[]> {
  const { first, library } = await halvedLibrary(context.pipeline.space, context);
  return [{ name: 'halves', library, questions: first.map(halfQuestion) }];
}
