/** The trials of "this is": excerpts compared with their own recording and with others.
 *
 *    own          excerpts of 5 to 60 s from tracks of the library, damaged as "this is" must survive
 *    foreign      the same excerpts over every other track of their soundtrack and every fourth of the others
 *    same-piece   excerpts of quartets over other performances of the piece
 *    other-piece  the same over other pieces
 */
import { join } from 'node:path';
import type { Fingerprint } from '../../src/domain.ts';
import { type FingerprintMatch, matchFingerprints } from '../../src/fingerprint/match.ts';
import { seededRandom } from '../../src/io/random.ts';
import { aligned, type ByteCache, byteCache } from '../cache.ts';
import { type Excerpt, fingerprintOf } from '../ffmpeg.ts';
import type { BenchOptions } from '../options.ts';
import { seedOf } from '../random.ts';
import { locateTrack, readTracks } from './corpus.ts';
import { copyDamage, type DegradationName, degrade } from './degradations.ts';
import { noiseFiles } from './noise-files.ts';
import { readVersions } from './versions.ts';

export const excerptSecs = [5, 7, 10, 20, 60] as const;

/** Every n-th track gives excerpts: all tracks would take hours and give the same result. */
const sourceStep = 16;

const foreignStep = 4;

export interface FingerprintTrial {
  readonly kind: 'own' | 'foreign' | 'same-piece' | 'other-piece';
  readonly lengthSec: number;
  readonly damage: DegradationName;
  readonly source: string;
  readonly against: string;
  readonly trueOffsetSec: number;
  readonly match: FingerprintMatch | null;
}

interface Named {
  readonly name: string;
  readonly soundtrack: string;
  readonly path: string;
  readonly durationSec: number;
  readonly fingerprint: Fingerprint;
}

export async function fingerprintTrials(options: BenchOptions): Promise<FingerprintTrial[]> {
  const cache = byteCache(join(options.cacheDir, 'quality'));
  const library = await soundtrackLibrary(options, cache);
  const sources = library.filter(({ durationSec }, at) => at % sourceStep === 0 && durationSec > 15);
  const trials: FingerprintTrial[] = [];
  for (const source of sources) {
    for (const lengthSec of excerptSecs) {
      for (const damage of copyDamage) trials.push(...(await ask(source, lengthSec, damage, library, options, cache)));
    }
  }
  return [...trials, ...(await versionTrials(options, cache))];
}

async function ask(
  source: Named,
  lengthSec: number,
  damage: DegradationName,
  library: readonly Named[],
  options: BenchOptions,
  cache: ByteCache,
): Promise<FingerprintTrial[]> {
  if (source.durationSec < lengthSec + 2) return [];
  const random = seededRandom(seedOf(`${source.name} ${lengthSec} ${damage}`));
  const fromSec = Math.round(random() * (source.durationSec - lengthSec - 1) * 1000) / 1000;
  const excerpt = { path: source.path, fromSec, durationSec: lengthSec };
  const query = await cachedFingerprint(cache, [excerpt, damage], async () => ({
    path: await degrade(excerpt, damage, {
      cacheDir: join(options.cacheDir, 'quality'),
      noiseFiles: noiseFiles(options),
    }),
  }));
  // There are many foreign pairs, so only the damage that combines the others is tested.
  const { soundtrack } = source;
  const asked =
    damage === 'mp3-64k-gain-eq'
      ? library.filter((track, at) => track === source || track.soundtrack === soundtrack || at % foreignStep === 0)
      : [source];
  return asked.map((track) => ({
    kind: track === source ? 'own' : 'foreign',
    lengthSec,
    damage,
    source: source.name,
    against: track.name,
    trueOffsetSec: fromSec,
    match: matchFingerprints(query, track.fingerprint),
  }));
}

async function versionTrials(options: BenchOptions, cache: ByteCache): Promise<FingerprintTrial[]> {
  const recordings = await Promise.all(
    (await readVersions(options.benchDir)).map(async ({ path, pieceId }) => ({
      name: path,
      path,
      pieceId,
      fingerprint: await cachedFingerprint(cache, path, async () => ({ path })),
    })),
  );
  const trials: FingerprintTrial[] = [];
  for (const source of recordings) {
    for (const lengthSec of [...excerptSecs, 100]) {
      const items = Math.round(lengthSec / source.fingerprint.itemSec) - 19;
      const random = seededRandom(seedOf(`${source.name} ${lengthSec}`));
      const from = Math.floor(random() * Math.max(1, source.fingerprint.items.length - items));
      const query = { ...source.fingerprint, items: source.fingerprint.items.slice(from, from + items) };
      for (const other of recordings) {
        if (other === source) continue;
        trials.push({
          kind: other.pieceId === source.pieceId ? 'same-piece' : 'other-piece',
          lengthSec,
          damage: 'clean',
          source: source.name,
          against: other.name,
          trueOffsetSec: 0,
          match: matchFingerprints(query, other.fingerprint),
        });
      }
    }
  }
  return trials;
}

async function soundtrackLibrary(options: BenchOptions, cache: ByteCache): Promise<Named[]> {
  const library: Named[] = [];
  for (const track of await readTracks(join(options.benchDir, 'soundtracks.json'))) {
    const path = await locateTrack(track, options.cacheDir);
    const fingerprint = await cachedFingerprint(cache, path, async () => ({ path }));
    library.push({
      name: `${track.package}/${track.path}`,
      soundtrack: track.soundtrack,
      path,
      durationSec: track.durationSec,
      fingerprint,
    });
  }
  return library;
}

/** Chromaprint's hop, as bench/ffmpeg.ts states it. */
const itemSec = 1365 / 11_025;

async function cachedFingerprint(
  cache: ByteCache,
  identity: unknown,
  excerpt: () => Promise<Excerpt>,
): Promise<Fingerprint> {
  const bytes = await cache('fingerprints', identity, async () => {
    const { items } = await fingerprintOf(await excerpt());
    return new Uint8Array(items.buffer);
  });
  return { items: new Uint32Array(aligned(bytes)), itemSec };
}
