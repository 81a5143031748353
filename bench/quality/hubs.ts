/** Hubs: the share of a library that is ever found, the tracks that are found for every query, and the effect of hub correction
 *  on answers.
 *
 *  reach soundtracks and quartets in one library; every track is a query without its own recording; counts the tracks in any top
 *  10
 *  P@1 the protocols of soundtracks, versions and halves, with and without correction, for the candidate fusions
 */
import type { Hit } from '../../src/domain.ts';
import { fuse } from '../../src/ranking/fusion.ts';
import { cslsScore, type Hubness, hubRecipeName, poolFactor } from '../../src/ranking/hubs.ts';
import { wholeOf } from '../../src/ranking/space-parts.ts';
import { table } from '../table.ts';
import { type BenchFusionName, fusions, usualFusion } from './fusions.ts';
import { halfQuestion, halvedLibrary } from './halves.ts';
import { type BenchLibrary, buildLibrary, hitsOf, type LabelledPassage } from './library.ts';
import { estimate, estimateGain, formatEstimate, type Outcome } from './metrics.ts';
import { measureHubs } from './product.ts';
import { type BenchQuery, excerptQuestions, neighbours, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

const topMax = 10;
const candidates: readonly BenchFusionName[] = [usualFusion, 'chance-corrected', 'best-pair', 'reciprocal-rank'];

interface Measured {
  readonly library: BenchLibrary;
  readonly hubness: Hubness;
}

export async function hubsReport(context: BenchContext): Promise<string> {
  const soundtracks = await soundtrackPassages(context.options, ['soundtracks.json']);
  const quartets = await versionPassages(context.options.benchDir);
  const all = await measured([...soundtracks, ...quartets], context);
  const reach = await reachRows(all);
  await all.library.index.close();
  const parts: [string, Measured, BenchQuery[]][] = [];
  for (const [name, passages] of [
    ['soundtracks', soundtracks],
    ['versions', quartets],
  ] as const) {
    const one = await measured(passages, context);
    const whole = wholeTrackQuestions(one.library);
    parts.push([`${name}, whole tracks`, one, whole]);
    parts.push([`${name}, 60 s`, one, excerptQuestions(whole, 6)], [`${name}, 30 s`, one, excerptQuestions(whole, 3)]);
  }
  parts.push(await halvesPart(context));
  const rows: string[][] = [];
  for (const [name, one, questions] of parts) rows.push(...(await precisionRows(name, one, questions)));
  for (const { library } of new Set(parts.map(([, one]) => one))) await library.index.close();
  return [
    `# hubs: ${hubRecipeName}, ${neighbours} of ${neighbours * poolFactor} neighbours`,
    table([`in anyone's top ${topMax}`, 'ever found', 'found at most', 'skewness', 'of', 'asked'], reach),
    table(
      [
        'P@1 (halves: R@1)',
        'fusion',
        'as it is',
        'hubs corrected',
        'corrected minus as it is',
        'only the choice, minus',
      ],
      rows,
    ),
  ].join('\n');
}

async function measured(passages: readonly LabelledPassage[], context: BenchContext): Promise<Measured> {
  const library = await buildLibrary(context.pipeline.space, passages, context.makeIndex);
  return { library, hubness: await hubnessOf(library) };
}

function hubnessOf({ tracks, rows }: BenchLibrary): Promise<Hubness> {
  const vectors = tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const trackIds = Uint32Array.from(rows, ({ trackId }) => trackId);
  return measureHubs(vectors, wholeOf(vectors[0]?.length ?? 0), trackIds);
}

async function halvesPart(context: BenchContext): Promise<[string, Measured, BenchQuery[]]> {
  const { first, library } = await halvedLibrary(context.pipeline.space, context);
  return ['halves', { library, hubness: await hubnessOf(library) }, first.map(halfQuestion)];
}

interface Ways<T> {
  readonly asItIs: T;
  /** As in the product, correction selects the neighbours, and the fusion uses corrected similarities. */
  readonly corrected: T;
  /** Correction selects the neighbours, and the fusion uses their uncorrected similarities. */
  readonly chosen: T;
}

/** One query's neighbours as in the product, and their weights for a fusion. */
async function neighboursOf(
  { library, hubness }: Measured,
  { chunks, without }: Pick<BenchQuery, 'chunks' | 'without'>,
  k: number,
): Promise<Ways<Hit[][]>> {
  const rowOf = rowsByPlace(library);
  const pools = await hitsOf(chunks, library, k * poolFactor, without);
  const known = pools.map((pool) =>
    pool.map((hit) => ({ hit, similarity: hit.similarity, hubness: hubness.at(rowOf(hit)) })),
  );
  const best = known.map((pool) => selectByCsls(pool, k));
  return {
    asItIs: pools.map((pool) => pool.slice(0, k)),
    chosen: best.map((found) => found.map(({ hit }) => hit)),
    corrected: best.map((found) =>
      found.map(({ hit, hubness: own }) => {
        const similarity = Math.max(-1, cslsScore(hit.similarity, own));
        return { ...hit, similarity, distance: 1 - similarity };
      }),
    ),
  };
}

/** Selects the best of one query chunk's neighbours by CSLS score.
 *
 *  @param pool neighbours of one query chunk, each with its hubness
 *  @returns at most `max`; best first by corrected similarity, ties in the pool's order
 */
export function selectByCsls<T extends { readonly similarity: number; readonly hubness: number }>(
  pool: readonly T[],
  max: number,
): T[] {
  const corrected = ({ similarity, hubness }: T): number => cslsScore(similarity, hubness);
  return [...pool].sort((a, b) => corrected(b) - corrected(a)).slice(0, max);
}

const places = new WeakMap<BenchLibrary, Map<string, number>>();

/** A hit is identified by its track and time. */
function rowsByPlace(library: BenchLibrary): (hit: Hit) => number {
  let rows = places.get(library);
  if (!rows) {
    rows = new Map(library.rows.map(({ trackId, startSec }, row) => [`${trackId}:${startSec}`, row]));
    places.set(library, rows);
  }
  const known = rows;
  return ({ trackId, trackStartSec }) => known.get(`${trackId}:${trackStartSec}`) ?? Number.NaN;
}

async function rankings(one: Measured, question: BenchQuery, name: BenchFusionName): Promise<Ways<number[]>> {
  const { asItIs, corrected, chosen } = await neighboursOf(one, question, neighbours);
  const ids = (hits: readonly Hit[][]) => {
    const input = { hits: hits.flat(), queryChunks: question.chunks, library: one.library.size };
    return fuse(fusions[name], input).map(({ trackId }) => trackId);
  };
  return { asItIs: ids(asItIs), corrected: ids(corrected), chosen: ids(chosen) };
}

async function precisionRows(name: string, one: Measured, questions: readonly BenchQuery[]): Promise<string[][]> {
  const labels = new Map(one.library.tracks.map(({ trackId, label }) => [trackId, label]));
  const outcome = ({ group, label }: Pick<BenchQuery, 'group' | 'label'>, ids: readonly number[]): Outcome => ({
    group,
    relevant: ids.map((trackId) => labels.get(trackId) === label),
  });
  const row = (fusion: string, { asItIs, corrected, chosen }: Ways<Outcome[]>) => [
    name,
    fusion,
    ...[estimate(asItIs, 'P@1'), estimate(corrected, 'P@1'), estimateGain(corrected, asItIs, 'P@1')].map(
      formatEstimate,
    ),
    ...(chosen.length > 0 ? [formatEstimate(estimateGain(chosen, asItIs, 'P@1'))] : ['']),
  ];
  const rows: string[][] = [];
  for (const fusion of candidates) {
    const found: Ways<Outcome[]> = { asItIs: [], corrected: [], chosen: [] };
    for (const question of questions) {
      const ranked = await rankings(one, question, fusion);
      for (const way of ['asItIs', 'corrected', 'chosen'] as const) found[way].push(outcome(question, ranked[way]));
    }
    rows.push(row(fusion, found));
  }
  if (!name.endsWith('whole tracks')) return rows;
  const byChunk: Ways<Outcome[]> = { asItIs: [], corrected: [], chosen: [] };
  for (const question of questions) {
    const found = await neighboursOf(one, question, neighbours);
    for (const way of ['asItIs', 'corrected'] as const) {
      for (const hits of found[way])
        byChunk[way].push(
          outcome(
            question,
            hits.map(({ trackId }) => trackId),
          ),
        );
    }
  }
  return [...rows, row('none, by chunk', byChunk)];
}

async function reachRows(all: Measured): Promise<string[][]> {
  const { tracks, rows } = all.library;
  const asking = tracks.filter(({ chunks }) => chunks.length > 0);
  const counts = {
    tracks: { asItIs: new Map<number, number>(), corrected: new Map<number, number>() },
    chunks: { asItIs: new Map<number, number>(), corrected: new Map<number, number>() },
  };
  const rowOf = rowsByPlace(all.library);
  for (const { trackId, name, label, chunks } of asking) {
    const question = { group: name, label, chunks, without: new Set([trackId]) };
    const ranked = await rankings(all, question, usualFusion);
    const found = await neighboursOf(all, question, topMax);
    for (const kind of ['asItIs', 'corrected'] as const) {
      for (const id of ranked[kind].slice(0, topMax)) count(counts.tracks[kind], id);
      for (const hit of found[kind].flat()) count(counts.chunks[kind], rowOf(hit));
    }
  }
  const row = (name: string, found: ReadonlyMap<number, number>, of: number, asked: number) => {
    const occurrences = [...found.values(), ...new Array<number>(of - found.size).fill(0)];
    const most = Math.max(...occurrences);
    return [
      name,
      `${(found.size / of).toFixed(3)} (${found.size})`,
      `${most}`,
      skewness(occurrences).toFixed(2),
      `${of}`,
      `${asked}`,
    ];
  };
  const { length } = asking;
  return [
    row(`tracks, ${usualFusion}`, counts.tracks.asItIs, length, length),
    row(`tracks, ${usualFusion}, corrected`, counts.tracks.corrected, length, length),
    row('chunks', counts.chunks.asItIs, rows.length, rows.length),
    row('chunks, corrected', counts.chunks.corrected, rows.length, rows.length),
  ];
}

function count(counts: Map<number, number>, id: number): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}

/** The third standardised moment of N-occurrences: 0 if all are found equally often. @see Radovanović et al. (2010), JMLR 11 */
function skewness(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const moment = (power: number) => values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  return moment(3) / moment(2) ** 1.5;
}
