/** The queries of `verdicts`: for each, how near its first result is, and whether it is right. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { measureSpread, spreadRows } from '../../src/index/spread-measure.ts';
import { rankByNearest, rankByParts } from '../../src/ranking/rank-by-parts.ts';
import { partsOf } from '../../src/ranking/space-parts.ts';
import { closenessIn, type Spread, withMatches } from '../../src/ranking/spread.ts';
import { type BenchLibrary, type BenchTrack, buildLibrary, libraryOf } from './library.ts';
import { neighbourhoodOf, type ProductLibrary, productLibraryOf } from './product.ts';
import { type BenchQuery, excerptQuestions, neighbours, wholeTrackQuestions } from './protocols.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { versionPassages } from './versions.ts';

/** @property group see verdicts.ts
 *  @property unit cases of one recording, or of one piece of the quartets, are not independent: intervals draw them together */
export interface Case {
  readonly group: string;
  readonly unit: string;
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

function isQuartet({ label }: { readonly label: string }): boolean {
  return label.startsWith('quartet_');
}

/** Rank and match are the product's. */
export async function measureCases(context: BenchContext): Promise<Case[]> {
  const soundtracks = await soundtrackPassages(context.options, ['soundtracks.json']);
  const quartets = await versionPassages(context.options.benchDir);
  const all = await buildLibrary(context.pipeline.space, [...soundtracks, ...quartets], context.makeIndex);
  await all.index.close();
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
    unit: isQuartet(question) ? question.label : question.group,
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
