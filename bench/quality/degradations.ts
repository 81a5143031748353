/** Makes damaged copies of recordings, like those from a phone, a pub, a codec or a DJ. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeMono, type Excerpt, ffmpeg, inputArgs, levelDb } from '../ffmpeg.ts';

interface Degradation {
  /** An ffmpeg filter chain on the excerpt. */
  readonly filter?: string;
  /** Noise mixed in, by its class in nonmusic.json and the signal-to-noise ratio. */
  readonly noise?: { readonly kind: 'crowd' | 'applause'; readonly snrDb: number };
  /** The codec of the copy; FLAC if only filters damage it. */
  readonly codec?: { readonly args: readonly string[]; readonly extension: string };
}

const mp3 = (kbps: number) => ({ args: ['-c:a', 'libmp3lame', '-b:a', `${kbps}k`], extension: 'mp3' });
const opus = (kbps: number) => ({ args: ['-c:a', 'libopus', '-b:a', `${kbps}k`, '-ar', '48000'], extension: 'ogg' });

/** 44.1 kHz first, so that a speed change by `asetrate` is equal for every source. */
const at44k = 'aresample=44100';
const semitone = 2 ** (1 / 12);

export const degradations = {
  clean: {},
  'mp3-48k': { codec: mp3(48) },
  'opus-24k': { codec: opus(24) },
  'phone-band': { filter: 'highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400' },
  'pub-6db': { noise: { kind: 'crowd', snrDb: 6 } },
  'applause-0db': { noise: { kind: 'applause', snrDb: 0 } },
  'room-phone': { filter: 'aecho=0.8:0.7:23|41|67|97:0.5|0.4|0.3|0.2,highpass=f=250,lowpass=f=6000,acompressor' },
  'eq-compression': {
    filter: 'bass=g=6,equalizer=f=1000:t=q:w=1:g=-5,treble=g=5,acompressor=threshold=-24dB:ratio=6:makeup=6dB,alimiter',
  },
  'tempo-plus-6': { filter: 'atempo=1.06' },
  'pitch-plus-1': { filter: `${at44k},asetrate=${44_100 * semitone},${at44k},atempo=${1 / semitone}` },
  'speed-minus-3': { filter: `${at44k},asetrate=${44_100 * 0.97},${at44k}` },
  'mp3-64k': { codec: mp3(64) },
  'gain-minus-12': { filter: 'volume=-12dB' },
  'gain-plus-6': { filter: 'volume=6dB' },
  'eq-warm-3': { filter: 'bass=g=3,treble=g=-3' },
  'eq-bright-3': { filter: 'bass=g=-3,treble=g=3' },
  'vorbis-q2': { codec: { args: ['-c:a', 'libvorbis', '-q:a', '2'], extension: 'ogg' } },
  'start-silence': { filter: 'adelay=2345:all=1' },
  'start-cut': { filter: 'atrim=start=1.237,asetpts=PTS-STARTPTS' },
  'mp3-64k-gain-eq': { filter: 'volume=-12dB,bass=g=3,treble=g=-3', codec: mp3(64) },
} as const satisfies Record<string, Degradation>;

export type DegradationName = keyof typeof degradations;

/** For "halves" and "degraded": damages of the sound and changes of time and pitch. */
export const listeningDamage: readonly DegradationName[] = [
  'mp3-48k',
  'opus-24k',
  'phone-band',
  'pub-6db',
  'applause-0db',
  'room-phone',
  'eq-compression',
  'tempo-plus-6',
  'pitch-plus-1',
  'speed-minus-3',
];

/** Damages at which "this is" must still be right. */
export const copyDamage: readonly DegradationName[] = [
  'mp3-64k',
  'gain-minus-12',
  'gain-plus-6',
  'eq-warm-3',
  'eq-bright-3',
  'mp3-64k-gain-eq',
];

/** Damages at which a whole track must be recognised as a duplicate. */
export const wholeCopyDamage: readonly DegradationName[] = [...copyDamage, 'vorbis-q2', 'start-silence', 'start-cut'];

export interface DegradeOptions {
  readonly cacheDir: string;
  /** One clip of each noise, looped under the excerpt. */
  readonly noiseFiles: Readonly<Record<'crowd' | 'applause', string>>;
}

/** Makes the copy, or finds it in the cache.
 *
 *  @returns the path of the copy
 */
export async function degrade(source: Excerpt, name: DegradationName, options: DegradeOptions): Promise<string> {
  const recipe: Degradation = degradations[name];
  const { args, extension } = recipe.codec ?? { args: ['-c:a', 'flac'], extension: 'flac' };
  const noise = recipe.noise ? await noiseInput(source, recipe.noise, options) : null;
  const identity = JSON.stringify([source, recipe, noise]);
  const folder = join(options.cacheDir, 'degraded', name);
  const file = join(folder, `${createHash('sha256').update(identity).digest('hex').slice(0, 24)}.${extension}`);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  const graph = noise?.graph ?? `[0:a:0]${recipe.filter ?? 'anull'}[out]`;
  const part = `${file}.${process.pid}.part.${extension}`;
  const inputs = [...inputArgs(source), ...(noise?.args ?? [])];
  // Mono, because a channel may be silent, and then a codec would not use its stated rate for the sound.
  await ffmpeg([...inputs, '-filter_complex', graph, '-map', '[out]', '-vn', '-ac', '1', ...args, part]);
  await rename(part, file);
  return file;
}

async function noiseInput(
  source: Excerpt,
  { kind, snrDb }: NonNullable<Degradation['noise']>,
  { noiseFiles }: DegradeOptions,
): Promise<{ args: string[]; graph: string }> {
  const path = noiseFiles[kind];
  const sourceDb = levelDb(await decodeMono(source, 16_000));
  const noiseDb = levelDb(await decodeMono({ path }, 16_000));
  const gainDb = (sourceDb - snrDb - noiseDb).toFixed(2);
  const mix = `[1:a:0]volume=${gainDb}dB[noise];[0:a:0][noise]amix=inputs=2:duration=first:normalize=0[out]`;
  return { args: ['-stream_loop', '-1', '-i', path], graph: mix };
}
