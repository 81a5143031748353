/** `npm run demo -- --once`: the whole pipeline on real recordings, in the terminal. Indexes the sample library without one
 *  track, then runs two queries, like the two published tests of the original system: an excerpt of a library track, encoded
 *  again, and a recording that is not in the library. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { styleText } from 'node:util';
import type { App } from '../app.ts';
import { summaryText } from '../cli/index-command.ts';
import { printSimilar } from '../cli/similar-command.ts';
import type { Config } from '../config/config.ts';
import { formatDuration, formatTime } from '../format.ts';
import {
  cutSample,
  excerpt,
  foreignTrack,
  indexSample,
  knownTrack,
  openDemoApp,
  outputDir,
  root,
  sampleLibrary,
} from './sample.ts';

const resultsShown = 5;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function ask(app: App, name: string, file: string, signal: AbortSignal): Promise<void> {
  const dir = path.join(outputDir, name);
  await mkdir(dir, { recursive: true });
  const picture = path.join(dir, 'match.png');
  await printSimilar(app, file, { top: resultsShown, clips: dir, picture }, signal);
}

export async function terminalRun(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = performance.now();
  const library = sampleLibrary();
  await mkdir(outputDir, { recursive: true });
  await using app = await openDemoApp(config, library, environment);

  heading(`1. Indexing ${library} without ${foreignTrack}`);
  print(summaryText(await indexSample(app, library, signal)));

  const { path: part, startSec } = await cutSample(app, library, signal);
  const { durationSec, bitrateKbps } = excerpt;
  const from = `${formatTime(startSec)} on`;
  heading(`2. Query: ${durationSec} s of ${knownTrack}, from ${from}, as an mp3 of ${bitrateKbps} kbit/s`);
  await ask(app, 'in-the-library', part, signal);

  heading(`3. Query: ${foreignTrack}, which is not in the library`);
  await ask(app, 'not-in-the-library', path.join(library, foreignTrack), signal);

  print(
    `Clips and pictures are in ${outputDir}. The demo took ${formatDuration((performance.now() - startedMs) / 1000)}.`,
  );
  print(
    `Next: ${styleText('bold', `${indexPrefix(app, config)}npm run similar -- your.mp3 --clips clips --picture match.png`)}`,
  );
  return 0;
}

function indexPrefix(app: App, config: Config): string {
  return app.config.indexDir === config.indexDir ? '' : `INDEX_DIR=${path.relative(root, app.config.indexDir)} `;
}

function heading(text: string): void {
  print(`\n${styleText(['bold', 'cyan'], text)}`);
}
