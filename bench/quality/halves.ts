/** Half to half: the query is the first half of a track, the library has the second halves of all tracks; then the same with
 *  damaged queries. */
import { join } from 'node:path';
import { table } from '../table.ts';
import { type DegradationName, degrade, listeningDamage } from './degradations.ts';
import { type BenchFusionName, benchFusionNames, usualFusion } from './fusions.ts';
import { type BenchLibrary, type BenchTrack, buildLibrary, libraryOf } from './library.ts';
import { estimate, estimateGain, formatEstimate, type Outcome } from './metrics.ts';
import { noiseFiles } from './noise-files.ts';
import { askByFusion, type BenchQuery, halves } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import type { BenchSpace } from './spaces.ts';

export async function halvesReport(context: BenchContext): Promise<string> {
  const rows: string[][] = [];
  let asked = 0;
  const own = [context.pipeline, ...context.rivals].map(({ space }) => space);
  for (const space of [context.mfcc, ...own]) {
    const { first, library } = await halvedLibrary(space, context);
    const questions = first.map(halfQuestion);
    const outcomes = await askByFusion(library, questions);
    await library.index.close();
    asked = questions.length;
    const original = outcomes.get('votes') ?? [];
    const names = space === context.mfcc ? [usualFusion] : benchFusionNames;
    for (const name of names) {
      const found = outcomes.get(name) ?? [];
      const gain = name === 'votes' ? '' : formatEstimate(estimateGain(found, original, 'P@1'));
      rows.push([
        space.name,
        name,
        formatEstimate(estimate(found, 'P@1')),
        formatEstimate(estimate(found, 'MRR')),
        gain,
      ]);
    }
  }
  const head = ['space', 'fusion', 'R@1', 'MRR', 'R@1 minus that of votes'];
  return [`# halves: ${asked} first halves ask, as many second halves answer`, table(head, rows)].join('\n');
}

/** Damaged queries are half a minute from the middle of the first half, of every n-th track: ten damages of all tracks would be
 *  seventy hours of audio. */
const excerptSec = 30;
const trackStep = 10;

export async function degradedReport(context: BenchContext): Promise<string> {
  const floor = await halvedLibrary(context.mfcc, context);
  const own = await halvedLibrary(context.pipeline.space, context);
  const damages: readonly DegradationName[] = ['clean', ...listeningDamage];
  const rows: string[][] = [];
  let asked = 0;
  for (const damage of damages) {
    const floorOutcomes = await askDamaged(floor, context.mfcc, damage, context);
    const outcomes = await askDamaged(own, context.pipeline.space, damage, context);
    asked = outcomes.get(usualFusion)?.length ?? 0;
    const recall = (from: ReadonlyMap<BenchFusionName, Outcome[]>, name: BenchFusionName): string =>
      formatEstimate(estimate(from.get(name) ?? [], 'P@1'));
    rows.push([damage, recall(floorOutcomes, usualFusion), ...benchFusionNames.map((name) => recall(outcomes, name))]);
  }
  await Promise.all([floor.library.index.close(), own.library.index.close()]);
  const head = ['R@1', `mfcc, ${usualFusion}`, ...benchFusionNames];
  const title = `# degraded: ${excerptSec} s from ${asked} damaged first halves ask, all second halves answer`;
  return [title, table(head, rows)].join('\n');
}

interface Halved {
  readonly first: readonly BenchTrack[];
  readonly library: BenchLibrary;
}

/** The library of all second halves, and the tracks' first halves. */
export async function halvedLibrary(space: BenchSpace, context: BenchContext): Promise<Halved> {
  const soundtracks = await soundtrackPassages(context.options, ['soundtracks.json']);
  // Only the track itself is a right answer.
  const passages = soundtracks.map((passage) => ({ ...passage, label: passage.name }));
  const whole = await buildLibrary(space, passages, context.makeIndex);
  await whole.index.close();
  const { first, second } = halves(whole.tracks);
  return { first, library: await libraryOf(second, whole.adapt, context.makeIndex) };
}

/** The right answer of a first half is its own second half. */
export function halfQuestion({ name, chunks }: BenchTrack): BenchQuery {
  return { group: name, label: name, chunks, without: new Set() };
}

/** What is damaged and asks: half a minute of every n-th track's first half. */
export function damagedExcerpts(first: readonly BenchTrack[]) {
  return first
    .filter((_, at) => at % trackStep === 0)
    .map((track) => {
      const halfSec = track.chunks.at(-1)?.endSec ?? 0;
      const fromSec = Math.max(0, Math.round(halfSec / 2 - excerptSec / 2));
      return { track, excerpt: { path: track.path, fromSec, durationSec: Math.min(excerptSec, halfSec - fromSec) } };
    });
}

async function askDamaged(
  { first, library }: Halved,
  space: BenchSpace,
  damage: DegradationName,
  { options }: BenchContext,
): Promise<Map<BenchFusionName, Outcome[]>> {
  const questions: BenchQuery[] = [];
  for (const { track, excerpt } of damagedExcerpts(first)) {
    const degrading = { cacheDir: join(options.cacheDir, 'quality'), noiseFiles: noiseFiles(options) };
    const chunks = library.adapt(await space.embed({ path: await degrade(excerpt, damage, degrading) }));
    questions.push({ ...halfQuestion(track), chunks });
  }
  return askByFusion(library, questions);
}
