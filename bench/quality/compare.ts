/** Models compared in pairs, ranked as the product ranks by default: the same queries to each, and the difference of their answers.
 *
 *  The gate of each model leaves its own chunks. Whole tracks and halves that have music with all of the models ask, and excerpts
 *  that are the same stretch of a track.
 */
import { join } from 'node:path';
import { hubRecipe } from '../../src/ranking/hubs.ts';
import { partsOf } from '../../src/ranking/space-parts.ts';
import { table } from '../table.ts';
import { type DegradationName, degrade, listeningDamage } from './degradations.ts';
import { damagedExcerpts, halfQuestion, halvedLibrary } from './halves.ts';
import { buildLibrary } from './library.ts';
import { estimate, estimateGain, formatEstimate, type Outcome } from './metrics.ts';
import { noiseFiles } from './noise-files.ts';
import type { Pipeline } from './pipeline.ts';
import { askProduct, byParts, measureHubs, type ProductLibrary, productLibraryOf } from './product.ts';
import { type BenchQuery, excerptQuestions, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

/** The hubs' references are drawn this often: an answer depends on the draw a little. The first is the product's. */
const draws = 5;

/** Soundtracks that no training heard: `kept_out` in training/leitmotif_training/corpus.py. */
const keptOut = new Set(
  [
    ...['amoebax', 'btanks', 'Colobot', 'Drascula', 'Flare', 'FreedroidRPG', 'holotz-castle', 'MegaGlest', 'Nexuiz'],
    ...['searchandrescue', 'torus-trooper', 'UFO: Alien Invasion'],
  ].map((name) => `${name} OST`),
);

/** What one model answers: by protocol, by draw, by the query's identity. */
type Answers = Map<string, readonly ReadonlyMap<string, Outcome>[]>;

interface Protocol {
  readonly name: string;
  /** Each with what identifies it among the queries of its recording, also with another model. */
  readonly questions: readonly (BenchQuery & { readonly id: string })[];
}

export function compareReport(context: BenchContext): Promise<string> {
  return compared(context, [answerWhole, answerHalves]);
}

/** Only the queries that need no damaged copies: five minutes for a new model. */
export function compareWholeReport(context: BenchContext): Promise<string> {
  return compared(context, [answerWhole]);
}

/** Only the queries of halves and damaged excerpts. */
export function compareDamagedReport(context: BenchContext): Promise<string> {
  return compared(context, [answerHalves]);
}

async function compared(context: BenchContext, kinds: readonly (typeof answerWhole)[]): Promise<string> {
  const { pipeline, rivals } = context;
  const answersOf = async (one: Pipeline): Promise<Answers> => {
    const answers: Answers = new Map();
    for (const answerKind of kinds) await answerKind(answers, one, context);
    return answers;
  };
  const first = await answersOf(pipeline);
  const rows: string[][] = [];
  for (const rival of rivals) {
    const other = await answersOf(rival);
    for (const [name, theirs] of other) rows.push(...rowsOf(name, rival.space.name, first.get(name) ?? [], theirs));
  }
  const title = `# the default ranking; ${draws} draws of the hubs' references, the first as shipped`;
  const head = ['queries', `P@1 of ${pipeline.space.name}`, 'model', 'its P@1', 'difference', 'over the draws'];
  return [title, table(head, rows)].join('\n');
}

function rowsOf(
  protocol: string,
  model: string,
  before: readonly ReadonlyMap<string, Outcome>[],
  after: readonly ReadonlyMap<string, Outcome>[],
): string[][] {
  const isSoundtracks = protocol.startsWith('soundtracks');
  const groups = isSoundtracks
    ? [
        { name: `${protocol}, all`, is: () => true },
        { name: `${protocol}, kept out`, is: (id: string) => [...keptOut].some((label) => id.startsWith(`${label}|`)) },
      ]
    : [{ name: protocol, is: () => true }];
  return groups.map(({ name, is }) => {
    const ids = [...(before[0]?.keys() ?? [])].filter((id) => is(id) && after[0]?.has(id));
    const of = (answers: ReadonlyMap<string, Outcome> | undefined) => ids.flatMap((id) => answers?.get(id) ?? []);
    const gains = before.map((own, draw) => estimateGain(of(after[draw]), of(own), 'P@1'));
    const means = gains.map(({ mean }) => mean).sort((a, b) => a - b);
    return [
      `${name} (${ids.length})`,
      formatEstimate(estimate(of(before[0]), 'P@1')),
      model,
      formatEstimate(estimate(of(after[0]), 'P@1')),
      gains[0] ? formatEstimate(gains[0]) : '',
      `${(means[0] ?? Number.NaN).toFixed(3)} to ${(means.at(-1) ?? Number.NaN).toFixed(3)}`,
    ];
  });
}

async function answerWhole(answers: Answers, pipeline: Pipeline, context: BenchContext): Promise<void> {
  for (const [name, passages] of [
    ['soundtracks', await soundtrackPassages(context.options, ['soundtracks.json'])],
    ['versions', await versionPassages(context.options.benchDir)],
  ] as const) {
    const library = await buildLibrary(pipeline.space, passages, context.makeIndex);
    const whole = wholeTrackQuestions(library);
    await answer(answers, library, pipeline, [
      { name: `${name}, whole tracks`, questions: whole.map(withId) },
      { name: `${name}, 60 s`, questions: excerptQuestions(whole, 6).map(withStretch) },
      { name: `${name}, 30 s`, questions: excerptQuestions(whole, 3).map(withStretch) },
    ]);
    await library.index.close();
  }
}

async function answerHalves(answers: Answers, pipeline: Pipeline, context: BenchContext): Promise<void> {
  const own: BenchContext = { ...context, pipeline };
  const { first, library } = await halvedLibrary(pipeline.space, own);
  const damaged: Protocol[] = [];
  for (const damage of listeningDamage) {
    damaged.push({ name: `halves, 30 s, ${damage}`, questions: await damagedQuestions(first, damage, own) });
  }
  await answer(answers, library, pipeline, [
    { name: 'halves', questions: first.map(halfQuestion).map(withId) },
    { name: 'halves, 30 s', questions: await damagedQuestions(first, 'clean', own) },
    ...damaged,
    {
      name: `halves, 30 s, damaged in ${listeningDamage.length} ways`,
      questions: damaged.flatMap(({ questions }) => questions),
    },
  ]);
  await library.index.close();
}

async function answer(
  answers: Answers,
  library: Parameters<typeof productLibraryOf>[0],
  { spaceId, dimensions }: Pipeline,
  protocols: readonly Protocol[],
): Promise<void> {
  const parts = partsOf(spaceId, dimensions);
  const product = await productLibraryOf(library, parts);
  const byDraw: ProductLibrary[] = [product];
  const vectors = library.tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const trackIds = Uint32Array.from(library.rows, ({ trackId }) => trackId);
  for (let draw = 1; draw < draws; draw++) {
    const recipe = { ...hubRecipe, seed: hubRecipe.seed + draw };
    const hubness = [];
    for (const part of parts) hubness.push(await measureHubs(vectors, part, trackIds, recipe));
    byDraw.push({ ...product, hubness });
  }
  for (const { name, questions } of protocols) {
    const ids = questions.map(({ label, group, id }) => `${label}|${group}|${id}`);
    const found: ReadonlyMap<string, Outcome>[] = [];
    for (const drawn of byDraw) {
      const outcomes = await askProduct(drawn, questions, byParts({ correctsHubs: true }));
      found.push(new Map(outcomes.map((outcome, at) => [ids[at] ?? '', outcome])));
    }
    answers.set(name, found);
  }
  await product.index.close();
}

function withId(question: BenchQuery): Protocol['questions'][number] {
  return { ...question, id: 'whole' };
}

function withStretch(question: BenchQuery): Protocol['questions'][number] {
  return { ...question, id: `${question.chunks[0]?.startSec} to ${question.chunks.at(-1)?.endSec}` };
}

async function damagedQuestions(
  first: Parameters<typeof damagedExcerpts>[0],
  damage: DegradationName,
  { options, pipeline }: BenchContext,
): Promise<Protocol['questions'][number][]> {
  const degrading = { cacheDir: join(options.cacheDir, 'quality'), noiseFiles: noiseFiles(options) };
  const questions: Protocol['questions'][number][] = [];
  for (const { track, excerpt } of damagedExcerpts(first)) {
    const chunks = await pipeline.space.embed({ path: await degrade(excerpt, damage, degrading) });
    questions.push({ ...halfQuestion(track), chunks: chunks.map((chunk, index) => ({ ...chunk, index })), id: damage });
  }
  return questions;
}
