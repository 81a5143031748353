/** An index run as a program, to be killed: argv MUSIC (a folder, or a location as in LIBRARY) INDEX [--retry-failed]. Prints each step of its progress as a line, and
 *  exits with 0 when the run completed, or with 3 and a last line `error CODE` when it stopped. */
import path from 'node:path';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { toLeitmotifError } from '../../src/errors.ts';
import { FolderLibrary } from '../../src/library/folder.ts';

const [music = '', indexDir = '', again] = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, '..', '..');
const config = readConfig(
  {
    ...{ INDEX_DIR: indexDir, INFERENCE_PROCESSES: '1', INDEXING_CONCURRENCY: '3', LOG_LEVEL: 'error' },
    ...{ AZURE_STORAGE_ENDPOINT: process.env.AZURE_STORAGE_ENDPOINT, AZURE_STORAGE_KEY: process.env.AZURE_STORAGE_KEY },
  },
  root,
);

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  tell('start 0');
  await using app = await buildApp(config, { root, environment: process.env, log: pino({ level: 'silent' }) });
  await app.indexing.index({
    library: music.startsWith('azure:') ? app.libraries.open(music) : new FolderLibrary(music),
    signal: new AbortController().signal,
    retryFailed: again === '--retry-failed',
    onProgress: ({ phase, tracksDone }) => tell(`${phase} ${tracksDone}`),
  });
} catch (error) {
  tell(`error ${toLeitmotifError(error).code}`);
  process.exitCode = 3;
}
