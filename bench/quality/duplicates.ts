/** "Also as": how often two recordings are wrongly merged (it should be never), and how often a copy is recognised.
 *
 *    soundtracks      every pair of tracks, whatever their durations
 *    same piece       every pair of performances of one quartet
 *    other piece      every pair of quartets of different pieces
 *    copies           every n-th track against itself, damaged as copies are
 */
import { basename, join } from 'node:path';
import type { Fingerprint } from '../../src/domain.ts';
import { agreementOf, type CopyAgreement, durationsAgree, isSameWhole } from '../../src/fingerprint/duplicates.ts';
import { aligned, type ByteCache, byteCache } from '../cache.ts';
import { decodeMono, type Excerpt, fingerprintOf } from '../ffmpeg.ts';
import { median, quantile } from '../statistics.ts';
import { table } from '../table.ts';
import { degrade, wholeCopyDamage } from './degradations.ts';
import { noiseFiles } from './noise-files.ts';
import { type BenchContext, soundtrackPassages } from './retrieval.ts';
import { passageIdentity } from './spaces.ts';
import { readVersions } from './versions.ts';

/** Copies of all tracks would take an hour and give the same result. */
const sourceStep = 12;
/** The highest agreement of pairs that are not one recording. */
const nearestShown = 5;

interface Named {
  readonly name: string;
  readonly label: string;
  readonly path: string;
  readonly fingerprint: Fingerprint;
}

interface Pair {
  readonly first: Named;
  readonly second: Named;
  readonly agreement: CopyAgreement | null;
  readonly byFingerprint: boolean;
  /** As in the product, the durations must agree too. */
  readonly isTaken: boolean;
  readonly ms: number;
}

export async function duplicatesReport({ options }: BenchContext): Promise<string> {
  const cache = byteCache(join(options.cacheDir, 'quality'));
  const soundtracks: Named[] = [];
  for (const passage of await soundtrackPassages(options, ['soundtracks.json'])) {
    soundtracks.push(await named(passage, cache));
  }
  const quartets: Named[] = [];
  for (const { path, pieceId } of await readVersions(options.benchDir)) {
    quartets.push(await named({ name: basename(path), label: pieceId, path }, cache));
  }
  const among = pairsOf(quartets);
  const groups: [string, Pair[]][] = [
    ['soundtracks, all pairs', pairsOf(soundtracks)],
    ['quartets, other performances of the piece', among.filter(({ first, second }) => first.label === second.label)],
    ['quartets, other pieces', among.filter(({ first, second }) => first.label !== second.label)],
  ];
  const copies: Pair[] = [];
  const rows: string[][] = [];
  for (const damage of wholeCopyDamage) {
    const own: Pair[] = [];
    for (const source of soundtracks.filter((_, at) => at % sourceStep === 0)) {
      const degrading = { cacheDir: join(options.cacheDir, 'quality'), noiseFiles: noiseFiles(options) };
      const path = await degrade({ path: source.path }, damage, degrading);
      own.push(compare(source, await named({ ...source, path, name: `${source.name} (${damage})` }, cache)));
    }
    copies.push(...own);
    const errors = own.map(({ agreement }) => agreement?.bitErrorRate ?? 1);
    const shares = own.map((pair) => shareOf(pair));
    rows.push([
      damage,
      `${own.filter(({ isTaken }) => isTaken).length} of ${own.length}`,
      `${median(errors).toFixed(3)}, ${Math.max(...errors).toFixed(3)}`,
      `${median(shares).toFixed(3)}, ${Math.min(...shares).toFixed(3)}`,
    ]);
  }
  const others = groups.flatMap(([, pairs]) => pairs);
  const taken = others.filter(({ isTaken }) => isTaken);
  return [
    '# duplicates: the same recording under two names, by the fingerprints of whole tracks',
    table(
      ['pairs of different names', 'taken for one', 'by the fingerprints alone', 'pairs'],
      groups.map(([name, pairs]) => [
        name,
        String(pairs.filter(({ isTaken }) => isTaken).length),
        String(pairs.filter(({ byFingerprint }) => byFingerprint).length),
        String(pairs.length),
      ]),
    ),
    table(['copies', 'known', 'bit errors: median, worst', 'share that agrees: median, least'], rows),
    ...copies.filter(({ isTaken }) => !isTaken).map((pair) => `- not known: ${describe(pair)}`),
    ...(await Promise.all(taken.map(async (pair) => `- taken for one: ${describe(pair)}; ${await soundOf(pair)}`))),
    ...others
      .filter(({ isTaken }) => !isTaken)
      .sort((a, b) => shareOf(b) - shareOf(a))
      .slice(0, nearestShown)
      .map((pair) => `- nearest to being taken for one: ${describe(pair)}`),
    `One comparison: ${timing(others)}; where it is proved: ${timing(copies)}`,
  ].join('\n');
}

const sampleRateHz = 11_025;
const pieceSamples = 10 * sampleRateHz;

/** Correlation of the samples of a merged pair if both begin at once: near 0 for different music, near 1 for copies. */
async function soundOf({ first, second }: Pair): Promise<string> {
  const [one, other] = await Promise.all([first, second].map(({ path }) => decodeMono({ path }, sampleRateHz)));
  const correlations: number[] = [];
  for (let from = 0; one && other && from + pieceSamples <= Math.min(one.length, other.length); from += pieceSamples) {
    const to = from + pieceSamples;
    correlations.push(correlation(one.subarray(from, to), other.subarray(from, to)));
  }
  return `samples of ten seconds correlate by ${median(correlations).toFixed(3)}, least ${Math.min(...correlations).toFixed(3)}`;
}

function correlation(one: Float32Array, other: Float32Array): number {
  const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
}

function timing(pairs: readonly Pair[]): string {
  const ms = pairs.map((pair) => pair.ms);
  return `median ${median(ms).toFixed(2)} ms, 99 % within ${quantile(ms, 0.99).toFixed(2)} ms`;
}

function pairsOf(all: readonly Named[]): Pair[] {
  return all.flatMap((first, at) => all.slice(at + 1).map((second) => compare(first, second)));
}

function compare(first: Named, second: Named): Pair {
  const startedMs = performance.now();
  const byFingerprint = isSameWhole(first.fingerprint, second.fingerprint);
  const ms = performance.now() - startedMs;
  const agreement = agreementOf(first.fingerprint, second.fingerprint);
  const isTaken = byFingerprint && durationsAgree(durationOf(first), durationOf(second));
  return { first, second, agreement, byFingerprint, isTaken, ms };
}

function durationOf({ fingerprint }: Named): number {
  return fingerprint.items.length * fingerprint.itemSec;
}

/** The smaller of the two shares. */
function shareOf({ agreement }: Pair): number {
  return agreement ? Math.min(agreement.shareOfFirst, agreement.shareOfSecond) : 0;
}

function describe(pair: Pair): string {
  const { first, second, agreement } = pair;
  const [firstSec, secondSec] = [first, second].map((track) => durationOf(track).toFixed(0));
  return (
    `${first.name} (${firstSec} s) and ${second.name} (${secondSec} s): share ${shareOf(pair).toFixed(2)}, ` +
    `bit errors ${agreement?.bitErrorRate.toFixed(3)}, offset ${agreement?.offsetSec.toFixed(1)} s`
  );
}

async function named(track: Omit<Named, 'fingerprint'>, cache: ByteCache): Promise<Named> {
  const excerpt: Excerpt = { path: track.path };
  const bytes = await cache('whole-fingerprints', passageIdentity(track), async () => {
    const { items } = await fingerprintOf(excerpt);
    return new Uint8Array(items.buffer);
  });
  const { name, label, path } = track;
  return { name, label, path, fingerprint: { items: new Uint32Array(aligned(bytes)), itemSec: 1365 / 11_025 } };
}
