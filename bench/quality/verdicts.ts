/** Verdicts: how answers judge a query with relatives in the library, one without, and one that is not music.
 *
 *  kin tracks of the library, without their own recording: others of their soundtrack, or other performances of
 *               their piece, are there
 *    no kin     the same with everything of their soundtrack or piece left out; others of their kind are there
 *    foreign    soundtracks against quartets only, quartets against soundtracks only, clips of other music (jazz, ragtime,
 *               rock, solo violin, orchestra) against soundtracks
 *    not music  speech, crowd, noise and places that the gate let through
 *
 *  Also prints how well the match separates right first results from wrong and foreign ones (area under the ROC curve), the
 *  logistic model of calibration.ts fitted again, and how often first results of each match were right.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { measureSpread, spreadRows } from '../../src/index/spread-measure.ts';
import { type Calibration, calibrationOf, confidenceOf } from '../../src/ranking/calibration.ts';
import { rankByNearest, rankByParts } from '../../src/ranking/rank-by-parts.ts';
import { partsOf } from '../../src/ranking/space-parts.ts';
import { closenessIn, type Spread, withMatches } from '../../src/ranking/spread.ts';
import { table } from '../table.ts';
import { type BenchLibrary, type BenchTrack, buildLibrary, libraryOf } from './library.ts';
import { neighbourhoodOf, type ProductLibrary, productLibraryOf } from './product.ts';
import { type BenchQuery, excerptQuestions, neighbours, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

interface Case {
  readonly group: string;
  readonly closeness: number;
  readonly match: number;
  /** Mean similarity of each chunk's nearest chunk: the input of the former verdict. */
  readonly similarity: number;
  readonly isRight: boolean;
}

interface Measured {
  readonly library: ProductLibrary;
  readonly spread: Spread;
}

export async function verdictsReport(context: BenchContext): Promise<string> {
  const { pipeline } = context;
  const cases = await measureCases(context);
  const calibration = calibrationOf(pipeline.spaceId);
  const right = cases.filter(({ group, isRight }) => group.includes('kin there') && isRight);
  const wrong = cases.filter(({ group, isRight }) => group.includes('kin there') && !isRight);
  const foreign = cases.filter(({ group }) => group.startsWith('foreign'));
  const refit = fitLogistic([...right, ...wrong, ...foreign]);
  const matchOf = ({ match }: Case): number => match;
  return [
    `# verdicts: whole tracks and 30 s excerpts in libraries of other music; ${pipeline.spaceId}`,
    calibration ? verdictTable(cases, calibration) : 'This space is not calibrated: every result is "sounds like".',
    '',
    'Right first results of queries with kin, by the match of the first result:',
    `  against wrong first results, with kin there or not   area under the ROC curve ${auc(right, wrong, matchOf).toFixed(3)}`,
    `  against foreign music   area under the ROC curve ${auc(right, foreign, matchOf).toFixed(3)}`,
    `  by the nearest chunks' mean similarity, as before: ${auc(right, wrong, ({ similarity }) => similarity).toFixed(3)} and ` +
      auc(right, foreign, ({ similarity }) => similarity).toFixed(3),
    `Logistic model fitted here: intercept ${refit.intercept.toFixed(2)}, slope ${refit.slope.toFixed(2)}`,
    '',
    'First results of soundtracks with kin:',
    reliabilityTable(
      cases.filter(({ group }) => group === 'soundtracks, kin there'),
      calibration ?? refit,
    ),
  ].join('\n');
}

/** The former rule: "sounds like" from this mean similarity on, in the built-in model's space. */
const soundsLikeBeforeFrom = 0.305;

function verdictTable(cases: readonly Case[], calibration: Calibration): string {
  const groups = Map.groupBy(cases, ({ group }) => group);
  const rows = [...groups].map(([group, own]) => {
    const share = (told: string) =>
      (own.filter((each) => verdictOf(each, calibration) === told).length / own.length).toFixed(2);
    const before = own.filter(({ similarity }) => similarity >= soundsLikeBeforeFrom).length / own.length;
    const right = own.filter(({ isRight }) => isRight).length / own.length;
    return [
      group,
      `${own.length}`,
      share('sounds-like'),
      share('nearest'),
      share('nothing-close'),
      before.toFixed(2),
      right.toFixed(2),
    ];
  });
  return table(
    ['queries', 'n', 'sounds like', 'nearest, not close', 'nothing close', 'sounds like, before', 'first is right'],
    rows,
  );
}

function verdictOf({ closeness, match }: Case, calibration: Calibration): string {
  if (closeness < calibration.nothingCloseBelow) return 'nothing-close';
  return confidenceOf(match, calibration) >= calibration.soundsLikeFrom ? 'sounds-like' : 'nearest';
}

function reliabilityTable(cases: readonly Case[], model: Pick<Calibration, 'intercept' | 'slope'>): string {
  const edges = [0, 0.02, 0.1, 0.25, 0.5, 0.75, 1.01];
  const rows = edges.slice(0, -1).map((from, at) => {
    const to = edges[at + 1] ?? 1;
    const own = cases.filter(({ match }) => match >= from && match < to);
    const expected = own.reduce((sum, { match }) => sum + confidenceOf(match, model as Calibration), 0) / own.length;
    const right = own.filter(({ isRight }) => isRight).length / own.length;
    return [
      `${Math.round(from * 100)} to ${Math.round(Math.min(to, 1) * 100)}`,
      `${own.length}`,
      right.toFixed(2),
      expected.toFixed(2),
    ];
  });
  return table(['match', 'n', 'right', 'expected by the model'], rows);
}

async function measureCases(context: BenchContext): Promise<Case[]> {
  const soundtracks = await soundtrackPassages(context.options, ['soundtracks.json']);
  const quartets = await versionPassages(context.options.benchDir);
  const all = await buildLibrary(context.pipeline.space, [...soundtracks, ...quartets], context.makeIndex);
  await all.index.close();
  const isQuartet = ({ label }: { label: string }): boolean => label.startsWith('quartet_');
  const both = await measured(all, context);
  const only = {
    quartets: await measured(await onlyTracks(all, isQuartet, context), context),
    soundtracks: await measured(await onlyTracks(all, (track) => !isQuartet(track), context), context),
  };
  const whole = wholeTrackQuestions(all);
  const cases: Case[] = [];
  for (const question of [...whole, ...excerptQuestions(whole, 3)]) {
    const kind = isQuartet(question) ? 'quartets' : 'soundtracks';
    const other = isQuartet(question) ? 'soundtracks' : 'quartets';
    const kin = new Set(all.tracks.filter(({ label }) => label === question.label).map(({ trackId }) => trackId));
    cases.push(await ask(`${kind}, kin there`, both, question));
    cases.push(await ask(`${kind}, no kin there`, both, { ...question, without: kin }));
    cases.push(await ask(`foreign: ${kind} ask ${other}`, only[other], { ...question, without: new Set() }));
  }
  const { music, others } = await clipQuestions(context);
  for (const question of music)
    cases.push(await ask('foreign: other music asks soundtracks', only.soundtracks, question));
  for (const question of others) cases.push(await ask('not music, past the gate', both, question));
  for (const { library } of [both, only.quartets, only.soundtracks]) await library.index.close();
  return cases;
}

async function onlyTracks(all: BenchLibrary, is: (track: BenchTrack) => boolean, { makeIndex }: BenchContext) {
  const library = await libraryOf(all.tracks.filter(is), all.adapt, makeIndex);
  await library.index.close();
  return library;
}

async function measured(library: BenchLibrary, { pipeline }: BenchContext): Promise<Measured> {
  const product = await productLibraryOf(library, partsOf(pipeline.spaceId, pipeline.dimensions));
  const vectors = library.tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const sample = spreadRows(vectors.length).flatMap((row) => vectors[row] ?? []);
  const trackIds = Uint32Array.from(library.rows, ({ trackId }) => trackId);
  const spread = await measureSpread(product.index, sample, trackIds, new AbortController().signal);
  if (spread === null) throw new Error('Cannot measure the spread: expected two tracks or more');
  return { library: product, spread };
}

async function ask(group: string, { library, spread }: Measured, question: BenchQuery): Promise<Case> {
  const found = await neighbourhoodOf(library, question, neighbours);
  const [first] = withMatches(rankByParts(found, { correctsHubs: true }).slice(0, 1), found, spread);
  const nearest = found.perChunk.flatMap(([best]) => best?.similarity ?? []);
  const label = library.tracks.find(({ trackId }) => trackId === first?.trackId)?.label;
  return {
    group,
    closeness: closenessIn(found, spread),
    match: first?.match ?? 0,
    similarity:
      rankByNearest(found).length === 0 ? -1 : nearest.reduce((sum, value) => sum + value, 0) / nearest.length,
    isRight: label === question.label,
  };
}

const clipList = z.object({ clips: z.array(z.object({ file: z.string(), class: z.string(), source: z.string() })) });

/** The clips' chunks; those of music grouped by the recording that they were cut from. */
async function clipQuestions({
  options,
  pipeline,
}: BenchContext): Promise<{ music: BenchQuery[]; others: BenchQuery[] }> {
  const { clips } = clipList.parse(JSON.parse(await readFile(join(options.benchDir, 'nonmusic.json'), 'utf8')));
  const embed = async ({ file }: { file: string }) => pipeline.space.embed({ path: join(options.benchDir, file) });
  const questionOf = (group: string, label: string, chunks: BenchQuery['chunks']): BenchQuery[] =>
    chunks.length === 0
      ? []
      : [
          {
            ...{ group, label, without: new Set<number>() },
            chunks: chunks.map((chunk, index) => ({ ...chunk, index })),
          },
        ];
  const others: BenchQuery[] = [];
  for (const clip of clips.filter((each) => each.class !== 'music')) {
    others.push(...questionOf(clip.file, clip.class, await embed(clip)));
  }
  const music: BenchQuery[] = [];
  const foreign = clips.filter((each) => each.class === 'music' && each.source.startsWith('github/'));
  for (const [source, own] of Map.groupBy(foreign, (each) => each.source)) {
    music.push(...questionOf(source, 'music', (await Promise.all(own.map(embed))).flat()));
  }
  return { music, others };
}

/** The probability that a case of the first list has the higher value. */
function auc(first: readonly Case[], second: readonly Case[], of: (one: Case) => number): number {
  const sorted = second.map(of).sort((a, b) => a - b);
  const wins = first.map(of).map((value) => {
    const below = sorted.findIndex((other) => other >= value);
    const above = sorted.findIndex((other) => other > value);
    const low = below === -1 ? sorted.length : below;
    const high = above === -1 ? sorted.length : above;
    return (low + high) / 2;
  });
  return wins.reduce((sum, won) => sum + won, 0) / (first.length * second.length);
}

/** By Newton's method on ln(match + 0.02); each group of cases has the same weight. */
function fitLogistic(cases: readonly Case[]): Pick<Calibration, 'intercept' | 'slope'> {
  const sizes = Map.groupBy(cases, ({ group }) => group);
  let intercept = 0;
  let slope = 0;
  for (let round = 0; round < 30; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6];
    for (const { match, isRight, group } of cases) {
      const x = Math.log(match + 0.02);
      const p = 1 / (1 + Math.exp(-(intercept + slope * x)));
      const weight = 1 / (sizes.get(group)?.length ?? 1);
      g0 += weight * (Number(isRight) - p);
      g1 += weight * (Number(isRight) - p) * x;
      h00 += weight * p * (1 - p);
      h01 += weight * p * (1 - p) * x;
      h11 += weight * p * (1 - p) * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { intercept, slope };
}
