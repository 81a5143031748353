/** `npm run demo`: the whole way on real recordings. Indexes the sample library but for one track, then asks twice, as
 *  the original system's two published tests did: with a part of a recording that is in the library, encoded anew, and
 *  with a recording that is not. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { styleText } from 'node:util';
import { pino } from 'pino';
import { type App, buildApp } from './app.ts';
import { cutExcerpt } from './audio/clip.ts';
import { type Config, readConfig } from './config.ts';
import { LeitmotifError } from './errors.ts';
import { formatDuration, formatTime } from './format.ts';
import { indexWithProgress, summaryText } from './terminal/index-command.ts';
import { renderAnswer } from './terminal/render-answer.ts';
import { runToExit } from './terminal/run-to-exit.ts';
import { findSampleLibrary } from './terminal/sample-library.ts';
import { askAndWrite } from './terminal/similar-command.ts';

const root = path.resolve(import.meta.dirname, '..');
const outputDir = path.join(root, 'demo-output');

/** In the library, and asked with a part of it. */
const knownTrack = 'knolls.ogg';
/** The part's length, and how far behind the exact middle it begins: windows of the library begin at whole tens. */
const excerpt = { durationSec: 32, behindMiddleSec: 3.7, bitrateKbps: 96 };
/** Kept out of the library, and asked with as a whole. */
const foreignTrack = 'vengeful.ogg';
const resultsShown = 5;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function sampleLibrary(): string {
  const found = findSampleLibrary();
  if (found && [knownTrack, foreignTrack].every((name) => existsSync(path.join(found, name)))) return found;
  throw new LeitmotifError(
    'tool-missing',
    `Cannot run the demo: expected the music of the wesnoth package with ${knownTrack} and ${foreignTrack}. ` +
      'Run: sudo apt-get update && sudo apt-get install wesnoth-1.16-music',
  );
}

/** The configured index if it is empty or the demo's own; one beside it if somebody indexed a library of theirs. */
async function openApp(config: Config, library: string): Promise<App> {
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  const surroundings = { root, environment: process.env, log };
  const app = await buildApp(config, surroundings);
  const location = app.catalog.libraryLocation;
  if (location === null || location === `file:${library}`) return app;
  await app.close();
  return buildApp({ ...config, indexDir: path.join(config.indexDir, 'demo') }, surroundings);
}

async function ask(app: App, name: string, file: string, signal: AbortSignal): Promise<void> {
  const dir = path.join(outputDir, name);
  await mkdir(dir, { recursive: true });
  const picture = path.join(dir, 'match.png');
  const shown = await askAndWrite(app, file, { top: resultsShown, clips: dir, picture }, signal);
  say(renderAnswer(shown.answer, { clips: shown.clips, picturePath: picture }));
}

async function demo(signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  const library = sampleLibrary();
  await mkdir(outputDir, { recursive: true });
  const config = readConfig(process.env, root);
  await using app = await openApp(config, library);

  heading(`1. Indexing ${library}, all but ${foreignTrack}`);
  const summary = await indexWithProgress(app, library, { exclude: [foreignTrack] }, signal);
  say(summaryText(summary));

  const { durationSec, bitrateKbps } = excerpt;
  const startSec = (app.catalog.tracks.byKey(knownTrack)?.durationSec ?? 0) / 2 + excerpt.behindMiddleSec;
  const from = `${formatTime(startSec)} on`;
  heading(`2. Asking with ${durationSec} s of ${knownTrack}, from ${from}, as an mp3 of ${bitrateKbps} kbit/s`);
  const part = path.join(outputDir, 'excerpt.mp3');
  await cutExcerpt(
    { path: path.join(library, knownTrack), startSec, durationSec },
    { path: part, tags: { title: 'an excerpt', artist: null, comment: `${knownTrack} from ${from}` } },
    { limits: config.audioLimits, signal, bitrateKbps },
  );
  await ask(app, 'in-the-library', part, signal);

  heading(`3. Asking with ${foreignTrack}, which is not in the library`);
  await ask(app, 'not-in-the-library', path.join(library, foreignTrack), signal);

  say(
    `Clips and pictures are in ${outputDir}. All of it took ${formatDuration((performance.now() - startedMs) / 1000)}.`,
  );
  say(
    `Next: ${styleText('bold', `${indexPrefix(app, config)}npm run similar -- your.mp3 --clips clips --picture match.png`)}`,
  );
  return 0;
}

function indexPrefix(app: App, config: Config): string {
  return app.config.indexDir === config.indexDir ? '' : `INDEX_DIR=${path.relative(root, app.config.indexDir)} `;
}

function heading(text: string): void {
  say(`\n${styleText(['bold', 'cyan'], text)}`);
}

await runToExit(demo);
