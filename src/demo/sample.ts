/** The data of both demos: the sample library without one track, and an excerpt of another track. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type App, buildApp } from '../app.ts';
import { cutExcerpt } from '../audio/clip.ts';
import { indexWithProgress } from '../cli/index-command.ts';
import { onWaiting } from '../cli/run-to-exit.ts';
import { findSampleLibrary } from '../cli/sample-library.ts';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { formatTime } from '../format.ts';
import type { IndexSummary } from '../indexing/summary.ts';
import { makeLog } from '../io/log.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const outputDir = path.join(root, 'demo-output');

/** A track in the library. An excerpt of it is a query. */
export const knownTrack = 'knolls.ogg';
/** Length of the excerpt, and its start after the middle of the track. Windows of the library begin at multiples of 10 s. */
export const excerpt = { durationSec: 32, behindMiddleSec: 3.7, bitrateKbps: 96 };
/** A track outside the library. The whole track is a query. */
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

/** Opens the configured index if it is empty or belongs to the demo. If it holds another library, opens the subfolder `demo`. */
export async function openDemoApp(
  config: Config,
  library: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<App> {
  const log = makeLog(config.logLevel);
  const context = { root, environment, log, onWaiting };
  const app = await buildApp(config, context);
  const location = app.catalog.libraryLocation;
  if (location === null || location === `file:${library}`) return app;
  await app.close();
  return buildApp({ ...config, indexDir: path.join(config.indexDir, 'demo') }, context);
}

export function indexSample(app: App, library: string, signal: AbortSignal): Promise<IndexSummary> {
  return indexWithProgress(app, [library], { exclude: [foreignTrack] }, signal);
}

/** Cuts an excerpt of the known track and encodes it again, like a recording by a user. */
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
