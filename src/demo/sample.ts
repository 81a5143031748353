/** What both demos ask with and index: the sample library but for one track, and a part of another. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { type App, buildApp } from '../app.ts';
import { cutExcerpt } from '../audio/clip.ts';
import { indexWithProgress } from '../cli/index-command.ts';
import { onWaiting } from '../cli/run-to-exit.ts';
import { findSampleLibrary } from '../cli/sample-library.ts';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { formatTime } from '../format.ts';
import type { IndexSummary } from '../indexing/summary.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const outputDir = path.join(root, 'demo-output');

/** In the library, and asked with a part of it. */
export const knownTrack = 'knolls.ogg';
/** The part's length, and how far behind the exact middle it begins: windows of the library begin at whole tens. */
export const excerpt = { durationSec: 32, behindMiddleSec: 3.7, bitrateKbps: 96 };
/** Kept out of the library, and asked with as a whole. */
export const foreignTrack = 'vengeful.ogg';

/** @throws {LeitmotifError} 'tool-missing', naming the package */
export function sampleLibrary(): string {
  const found = findSampleLibrary();
  if (found && [knownTrack, foreignTrack].every((name) => existsSync(path.join(found, name)))) return found;
  throw new LeitmotifError(
    'tool-missing',
    `Cannot run the demo: expected the music of Battle for Wesnoth with ${knownTrack} and ${foreignTrack}. ` +
      'Run: sudo apt-get update && sudo apt-get install wesnoth-music',
  );
}

/** The configured index if it is empty or the demo's own; one beside it if somebody indexed a library of theirs. */
export async function openDemoApp(
  config: Config,
  library: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<App> {
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const surroundings = { root, environment, log, onWaiting };
  const app = await buildApp(config, surroundings);
  const location = app.catalog.libraryLocation;
  if (location === null || location === `file:${library}`) return app;
  await app.close();
  return buildApp({ ...config, indexDir: path.join(config.indexDir, 'demo') }, surroundings);
}

export function indexSample(app: App, library: string, signal: AbortSignal): Promise<IndexSummary> {
  return indexWithProgress(app, [library], { exclude: [foreignTrack] }, signal);
}

/** A part of the known track, encoded anew, as somebody would have who recorded it. */
export async function cutSample(app: App, library: string, signal: AbortSignal) {
  const { durationSec, bitrateKbps } = excerpt;
  const startSec = (app.catalog.tracks.byKey(knownTrack)?.durationSec ?? 0) / 2 + excerpt.behindMiddleSec;
  const file = path.join(outputDir, 'excerpt.mp3');
  await mkdir(outputDir, { recursive: true });
  await cutExcerpt(
    { path: path.join(library, knownTrack), startSec, durationSec },
    {
      path: file,
      tags: { title: 'an excerpt', artist: null, comment: `${knownTrack} from ${formatTime(startSec)} on` },
    },
    { limits: app.config.audioLimits, signal, bitrateKbps },
  );
  return { path: file, startSec };
}
