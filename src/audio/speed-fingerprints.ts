/** Fingerprints a part of a query again at other speeds, and detects whether it came through a telephone. One ffmpeg run.
 *
 *  A fingerprint's bits state in which semitone the energy is, so a copy played 2 % faster (a third of a semitone higher) keeps
 *  few of them, and arithmetic on the bits cannot restore them. Undoing the speed before the fingerprint is computed can, at
 *  about 3 ms of processor time per second of audio for all speeds.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SpeedFingerprint, SpeedFingerprints } from '../domain.ts';
import { startDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import { type FfmpegJob, startFfmpeg } from './ffmpeg.ts';
import { fingerprintOptions, fingerprintRateHz, readFingerprint } from './fingerprint.ts';
import { checkInput, inputOf, type OpenableInput, openable } from './input.ts';
import type { AudioLimits } from './limits.ts';

/** One per cent is a sixth of a semitone, so every copy is at most a twelfth from one of them. */
export const speedsUndone: readonly number[] = [0.96, 0.97, 0.98, 0.99, 1.01, 1.02, 1.03, 1.04];

export interface SpeedFingerprintOptions {
  /** Start of the part in seconds; default 0. */
  readonly fromSec?: number;
  readonly durationSec: number;
  /** The file's audio stream, counted from 0; default 0. */
  readonly audioStream?: number;
  readonly signal: AbortSignal;
  readonly limits: AudioLimits;
}

/** @throws {LeitmotifError} file-unreadable, audio-*, cancelled, tool-missing */
export async function speedFingerprints(file: string, options: SpeedFingerprintOptions): Promise<SpeedFingerprints> {
  await checkInput({ path: file }, options.limits);
  const deadline = startDeadline(options.signal, options.limits.deadlineMs);
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-again-'));
  try {
    await using input = await openable({ path: file });
    const targets = speedsUndone.map((speed) => path.join(folder, `${speed}.raw`));
    const { memoryMaxBytes, deadlineMs, niceness = 0 } = options.limits;
    const levels = new LevelReader();
    const run = startFfmpeg(fingerprintSpeedsJob(input, targets, options), {
      ...{ memoryMaxBytes, cpuMaxSec: deadlineMs / 1000, niceness },
      signal: deadline.signal,
      onStderrLine: (line) => levels.read(line),
    });
    run.stdout.resume();
    const exit = await run.exited;
    if (!exit.ok) throw deadline.failure() ?? failureOf(exit);
    return { atSpeeds: await Promise.all(targets.map(readTarget)), isTelephoneBand: levels.isTelephoneBand };
  } finally {
    deadline.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function readTarget(target: string, at: number): Promise<SpeedFingerprint> {
  return { ...readFingerprint(await readFile(target)), speed: speedsUndone[at] ?? 1 };
}

/** Below 130 Hz, the level after a telephone is 22 dB (GSM, with noise in that band) or 30 dB (mu-law) below the total level;
 *  music is 20 dB below it in one of ten recordings... */
const bassDropDb = 21;
/** ... and above 4,700 Hz it is 41 dB below; so is music in one of ten. Both at once are rare: 1 of 56 half-minutes of
 *  soundtracks. */
const trebleDropDb = 40;

/** Reads the output of ffmpeg's volumedetect filters. */
export class LevelReader {
  readonly #levelsDb = new Map<string, number>();

  read(line: string): void {
    const [, band, level] = /^\[volumedetect@(all|bass|treble) .*mean_volume: (-?[\d.]+) dB/.exec(line) ?? [];
    if (band !== undefined) this.#levelsDb.set(band, Number(level));
  }

  /** Mean levels in dBFS; NaN before they were read. */
  get levelsDb() {
    const of = (band: string) => this.#levelsDb.get(band) ?? Number.NaN;
    return { all: of('all'), bass: of('bass'), treble: of('treble') };
  }

  get isTelephoneBand(): boolean {
    const { all, bass, treble } = this.levelsDb;
    return bass <= all - bassDropDb && treble <= all - trebleDropDb;
  }
}

function fingerprintSpeedsJob(
  input: OpenableInput,
  targets: readonly string[],
  { fromSec = 0, durationSec, audioStream = 0 }: SpeedFingerprintOptions,
): FfmpegJob {
  const { url, options } = inputOf(input);
  const range = [...(fromSec > 0 ? ['-ss', fromSec.toFixed(6)] : []), '-t', durationSec.toFixed(6)];
  const level = (from: string, filter: string, band: string) => `[${from}]${filter}volumedetect@${band},anullsink`;
  const copies = speedsUndone.map((_, at) => `[in${at}]`).join('');
  return {
    inputs: [
      { url, options: ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+info', '-y', ...options, ...range] },
    ],
    filterGraph: [
      // Half of the channels' sum, so that it is not clipped.
      `[0:a:${audioStream}]aresample=16000:ochl=stereo:osf=flt,pan=mono|c0=0.35*c0+0.35*c1,asplit=4[print][all][bass][treble]`,
      level('all', '', 'all'),
      level('bass', 'lowpass=f=130,lowpass=f=130,lowpass=f=130,', 'bass'),
      level('treble', 'highpass=f=4700,highpass=f=4700,highpass=f=4700,highpass=f=4700,', 'treble'),
      `[print]aresample=${fingerprintRateHz},asplit=${speedsUndone.length}${copies}`,
      ...speedsUndone.map((speed, at) => {
        const rateHz = Math.round(fingerprintRateHz / speed);
        return `[in${at}]asetrate=${rateHz},aresample=${fingerprintRateHz}:osf=s16[out${at}]`;
      }),
    ].join(';'),
    outputs: targets.map((target, at) => ({ target, options: ['-map', `[out${at}]`, ...fingerprintOptions] })),
  };
}
