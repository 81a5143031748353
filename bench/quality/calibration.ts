/** "Nothing close": how near do queries find anything when their kin are in the library, and when they are foreign to it?
 *
 *    kin        tracks of the library with their own recording left out: others of their soundtrack, or other performances of
 *               their piece, are there
 *    no kin     the same with everything of their soundtrack or piece left out
 *    foreign    soundtracks against quartets only, quartets against soundtracks only
 *    not music  speech, crowd, noise and places that the gate let through
 *
 *  Prints the threshold that misses a twentieth of the kin, and what it does to the others.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { closenessOf } from '../../src/ranking/calibration.ts';
import { fuse } from '../../src/ranking/fusion.ts';
import { table } from '../table.ts';
import { fusions, usualFusion } from './fusions.ts';
import { type BenchLibrary, buildLibrary, hitsOf } from './library.ts';
import { excerptQuestions, neighbours, type Question, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { readVersions } from './versions.ts';

/** Told "nothing close" although kin are there. */
const missRateWanted = 0.05;

export async function calibrationReport(context: BenchContext): Promise<string> {
  const soundtracks = await soundtrackPassages(context.options, ['soundtracks.json']);
  const quartets = (await readVersions(context.options.benchDir)).map(({ path, pieceId }) => ({
    path,
    name: path,
    label: pieceId,
  }));
  const library = await buildLibrary(context.pipeline.space, [...soundtracks, ...quartets], context.makeIndex);
  const whole = wholeTrackQuestions(library);
  const questions = [...whole, ...excerptQuestions(whole, 3)];
  const groups = await measureGroups(library, questions, context);
  await library.index.close();

  const kin = [...(groups.get('soundtracks, kin there') ?? []), ...(groups.get('quartets, kin there') ?? [])];
  const closeFrom = Math.round(quantile(kin, missRateWanted) * 1000) / 1000;
  const rows = [...groups].map(([name, values]) => [
    name,
    String(values.length),
    ...[0.05, 0.5, 0.95].map((share) => quantile(values, share).toFixed(3)),
    (values.filter((value) => value >= closeFrom).length / values.length).toFixed(3),
  ]);
  const head = ['queries', 'n', '5 %', 'median', '95 %', 'told "sounds like"'];
  return [
    '# calibrate: closeness of queries with and without kin in the library (whole tracks and 30 s excerpts)',
    `${context.pipeline.spaceId}: closeFrom ${closeFrom}`,
    table(head, rows),
  ].join('\n');
}

async function measureGroups(
  library: BenchLibrary,
  questions: readonly Question[],
  context: BenchContext,
): Promise<Map<string, number[]>> {
  const idsOf = (wanted: (label: string) => boolean): ReadonlySet<number> =>
    new Set(library.tracks.filter(({ label }) => wanted(label)).map(({ trackId }) => trackId));
  const isQuartet = (label: string): boolean => label.startsWith('quartet_');
  const groups = new Map<string, number[]>();
  const ask = async (group: string, question: Question, without: ReadonlySet<number>): Promise<void> => {
    const value = await closeness(library, question, without);
    const values = groups.get(group);
    if (values) values.push(value);
    else groups.set(group, [value]);
  };
  for (const question of questions) {
    const kind = isQuartet(question.label) ? 'quartets' : 'soundtracks';
    await ask(`${kind}, kin there`, question, question.without);
    await ask(
      `${kind}, no kin there`,
      question,
      idsOf((label) => label === question.label),
    );
  }
  for (const question of questions) {
    const quartet = isQuartet(question.label);
    const group = quartet ? 'quartets, asking soundtracks only' : 'soundtracks, asking quartets only';
    await ask(
      group,
      question,
      idsOf((label) => isQuartet(label) === quartet),
    );
  }
  for (const question of await nonmusicQuestions(context)) await ask('not music, past the gate', question, new Set());
  return groups;
}

async function closeness(library: BenchLibrary, question: Question, without: ReadonlySet<number>): Promise<number> {
  const hits = (await hitsOf(question.chunks, library, neighbours, without)).flat();
  return closenessOf(fuse(fusions[usualFusion], { hits, queryChunks: question.chunks, library: library.size }));
}

const clipList = z.object({ clips: z.array(z.object({ file: z.string(), class: z.string() })) });

async function nonmusicQuestions({ options, pipeline }: BenchContext): Promise<Question[]> {
  const { clips } = clipList.parse(JSON.parse(await readFile(join(options.benchDir, 'nonmusic.json'), 'utf8')));
  const questions: Question[] = [];
  for (const clip of clips.filter((entry) => entry.class !== 'music')) {
    const chunks = await pipeline.space.embed({ path: join(options.benchDir, clip.file) });
    if (chunks.length > 0) questions.push({ group: clip.file, label: clip.class, chunks, without: new Set() });
  }
  return questions;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
