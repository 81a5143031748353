/** The query copies of "this is": half-minutes of soundtracks, re-encoded, played at other speeds, through a telephone, in a
 *  noisy room. Their fingerprints are cached, not the copies. */
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { speedFingerprints, speedsUndone } from '../../src/audio/speed-fingerprints.ts';
import type { Fingerprint, SpeedFingerprints } from '../../src/domain.ts';
import { seededRandom } from '../../src/io/random.ts';
import { aligned, type ByteCache, byteCache } from '../cache.ts';
import { decodeMono, ffmpeg, fingerprintOf, levelDb } from '../ffmpeg.ts';
import type { BenchOptions } from '../options.ts';
import { seedOf } from '../random.ts';
import { locateTrack, readTracks } from './corpus.ts';
import { noiseFiles } from './noise-files.ts';
import { readVersions } from './versions.ts';

const at44k = 'aresample=44100';
const tape = (speed: number) => `${at44k},asetrate=${Math.round(44_100 * speed)},${at44k}`;
const telephone = 'highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400,aresample=8000';

interface CopyRecipe {
  readonly filter?: string;
  /** Signal-to-noise ratio of a crowd. */
  readonly crowdDb?: number;
  readonly codec?: { readonly args: readonly string[]; readonly extension: string };
  /** How fast the copy plays. */
  readonly speed?: number;
}

const opus = { args: ['-c:a', 'libopus', '-b:a', '32k', '-ar', '48000'], extension: 'ogg' };

export const copyRecipes = {
  clean: {},
  'mp3 64k': { codec: { args: ['-c:a', 'libmp3lame', '-b:a', '64k'], extension: 'mp3' } },
  'opus 32k': { codec: opus },
  EQ: { filter: 'bass=g=6,equalizer=f=1000:t=q:w=1:g=-5,treble=g=5' },
  'crowd 10 dB': { crowdDb: 10 },
  'crowd 5 dB': { crowdDb: 5 },
  'room, phone': { filter: 'aecho=0.8:0.7:23|41|67|97:0.5|0.4|0.3|0.2,highpass=f=250,lowpass=f=6000,acompressor' },
  'telephone, mu-law': {
    filter: telephone,
    codec: { args: ['-c:a', 'pcm_mulaw', '-ar', '8000'], extension: 'wav' },
  },
  'telephone, GSM': { filter: telephone, codec: { args: ['-c:a', 'libgsm_ms', '-ar', '8000'], extension: 'wav' } },
  'speed -4 %': { filter: tape(0.96), speed: 0.96 },
  'speed -2 %': { filter: tape(0.98), speed: 0.98 },
  'speed -1.5 %': { filter: tape(0.985), speed: 0.985 },
  'speed +0.5 %': { filter: tape(1.005), speed: 1.005 },
  'speed +1 %': { filter: tape(1.01), speed: 1.01 },
  'speed +2 %': { filter: tape(1.02), speed: 1.02 },
  'speed +2.5 %': { filter: tape(1.025), speed: 1.025 },
  'speed +4 %': { filter: tape(1.04), speed: 1.04 },
  'speed +2 %, mp3 64k': {
    filter: tape(1.02),
    speed: 1.02,
    codec: { args: ['-c:a', 'libmp3lame', '-b:a', '64k'], extension: 'mp3' },
  },
  'tempo -4 %': { filter: 'atempo=0.96', speed: 0.96 },
  'tempo -2 %': { filter: 'atempo=0.98', speed: 0.98 },
  'tempo +2 %': { filter: 'atempo=1.02', speed: 1.02 },
  'tempo +4 %': { filter: 'atempo=1.04', speed: 1.04 },
  'speed +2 %, telephone': {
    filter: `${tape(1.02)},${telephone}`,
    speed: 1.02,
    codec: { args: ['-c:a', 'pcm_mulaw', '-ar', '8000'], extension: 'wav' },
  },
} as const satisfies Record<string, CopyRecipe>;

export type CopyName = keyof typeof copyRecipes;

export interface ProofTrack {
  readonly name: string;
  readonly soundtrack: string;
  readonly path: string;
  readonly durationSec: number;
  readonly fingerprint: Fingerprint;
}

type Excerptable = Pick<ProofTrack, 'path'>;

export interface ProofCopy {
  readonly source: ProofTrack;
  readonly copy: CopyName;
  readonly fromSec: number;
  readonly speed: number;
  readonly fingerprint: Fingerprint;
  readonly otherSpeeds: SpeedFingerprints;
}

export const excerptSec = 30;

export class ProofCorpus {
  readonly #options: BenchOptions;
  readonly #cache: ByteCache;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.#cache = byteCache(join(options.cacheDir, 'quality'));
  }

  /** All tracks of the development half that this machine can fetch. */
  async library(): Promise<ProofTrack[]> {
    const { benchDir, cacheDir } = this.#options;
    const library: ProofTrack[] = [];
    for (const track of await readTracks(join(benchDir, 'soundtracks.json'))) {
      const path = await locateTrack(track, cacheDir);
      const bytes = await this.#cache('fingerprints', path, async () => bytesOf(await fingerprintOf({ path })));
      const { soundtrack, durationSec } = track;
      const name = `${track.package}/${track.path}`;
      library.push({ name, soundtrack, path, durationSec, fingerprint: fingerprintFrom(bytes) });
    }
    return library;
  }

  /** The quartets, each piece as one soundtrack. */
  async performances(): Promise<ProofTrack[]> {
    const performances: ProofTrack[] = [];
    for (const { path, pieceId } of await readVersions(this.#options.benchDir)) {
      const bytes = await this.#cache('fingerprints', path, async () => bytesOf(await fingerprintOf({ path })));
      const fingerprint = fingerprintFrom(bytes);
      const durationSec = fingerprint.items.length * itemSec;
      performances.push({ name: basename(path), soundtrack: pieceId, path, durationSec, fingerprint });
    }
    return performances;
  }

  async copyOf(source: ProofTrack, copy: CopyName): Promise<ProofCopy> {
    const recipe: CopyRecipe = copyRecipes[copy];
    const random = seededRandom(seedOf(`proof ${source.name}`));
    // A copy that plays faster needs more of the track.
    const lastSec = Math.max(0, source.durationSec - excerptSec * 1.05 - 1);
    const fromSec = Math.round(random() * lastSec * 1000) / 1000;
    const identity = (kind: CopyRecipe) => ['proof', source.name, fromSec, kind, speedsUndone];
    const bytes = await this.#cache('proof-copies', identity(recipe), () =>
      this.#withCopy(source, fromSec, recipe, async (path) =>
        pack([await fingerprintOf({ path, durationSec: excerptSec }), ...(await listenAgain(path)).atSpeeds]),
      ),
    );
    // A change of speed hardly moves the bands.
    const inBand: CopyRecipe = recipe.speed === undefined || recipe.codec ? recipe : {};
    const [isTelephoneBand] = await this.#cache('proof-bands', identity(inBand), () =>
      this.#withCopy(source, fromSec, inBand, async (path) =>
        Uint8Array.of((await listenAgain(path)).isTelephoneBand ? 1 : 0),
      ),
    );
    const [fingerprint, ...rest] = unpack(bytes);
    if (!fingerprint) throw new Error(`Cannot use the copy ${copy} of ${source.name}: its fingerprint is missing`);
    const atSpeeds = rest.map((one, at) => ({ ...one, speed: speedsUndone[at] ?? 1 }));
    const otherSpeeds = { atSpeeds, isTelephoneBand: isTelephoneBand === 1 };
    return { source, copy, fromSec, speed: recipe.speed ?? 1, fingerprint, otherSpeeds };
  }

  async #withCopy<T>(
    source: Excerptable,
    fromSec: number,
    recipe: CopyRecipe,
    use: (path: string) => Promise<T>,
  ): Promise<T> {
    const folder = await mkdtemp(join(this.#options.cacheDir, 'copy-'));
    try {
      return await use(await this.makeCopy(source, fromSec, recipe, folder));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** @returns the path of a copy of 30 s in `folder` */
  async makeCopy(source: Excerptable, fromSec: number, recipe: CopyRecipe, folder: string): Promise<string> {
    const { args, extension } = recipe.codec ?? { args: ['-c:a', 'pcm_s16le'], extension: 'wav' };
    const file = join(folder, `copy.${extension}`);
    const input = ['-ss', String(fromSec), '-t', String(excerptSec * 1.05), '-i', source.path];
    const noise = recipe.crowdDb === undefined ? null : await this.#noise(source, fromSec, recipe.crowdDb);
    const graph = noise?.graph ?? `[0:a:0]${recipe.filter ?? 'anull'}[out]`;
    const output = ['-map', '[out]', '-vn', '-ac', '1', '-t', String(excerptSec), ...args, file];
    await ffmpeg([...input, ...(noise?.args ?? []), '-filter_complex', graph, ...output]);
    return file;
  }

  async #noise(source: Excerptable, fromSec: number, snrDb: number) {
    const path = noiseFiles(this.#options).crowd;
    const sourceDb = levelDb(await decodeMono({ path: source.path, fromSec, durationSec: excerptSec }, 16_000));
    const noiseDb = levelDb(await decodeMono({ path }, 16_000));
    const gainDb = (sourceDb - snrDb - noiseDb).toFixed(2);
    const graph = `[1:a:0]volume=${gainDb}dB[noise];[0:a:0][noise]amix=inputs=2:duration=first:normalize=0[out]`;
    return { args: ['-stream_loop', '-1', '-i', path], graph };
  }
}

const limits = { deadlineMs: 120_000, durationMaxSec: 120, bytesMax: 2 ** 30, memoryMaxBytes: 2 ** 31 };

function listenAgain(path: string): Promise<SpeedFingerprints> {
  return speedFingerprints(path, { durationSec: excerptSec, signal: AbortSignal.timeout(limits.deadlineMs), limits });
}

/** Chromaprint's hop, as bench/ffmpeg.ts states it. */
const itemSec = 1365 / 11_025;

function fingerprintFrom(bytes: Uint8Array): Fingerprint {
  return { items: new Uint32Array(aligned(bytes)), itemSec };
}

function bytesOf({ items }: Fingerprint): Uint8Array {
  return new Uint8Array(items.buffer, items.byteOffset, items.byteLength);
}

/** Each with its number of items before it. */
function pack(fingerprints: readonly Fingerprint[]): Uint8Array {
  const words = fingerprints.flatMap(({ items }) => [items.length, ...items]);
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function unpack(bytes: Uint8Array): Fingerprint[] {
  const words = new Uint32Array(aligned(bytes));
  const fingerprints: Fingerprint[] = [];
  for (let at = 0; at < words.length; ) {
    const count = words[at] ?? 0;
    fingerprints.push({ items: words.slice(at + 1, at + 1 + count), itemSec });
    at += 1 + count;
  }
  return fingerprints;
}
