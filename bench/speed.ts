/** `npm run bench:speed -- [indexing] [worker] [search] [parts] [query]`: speed, compared with something that does the same
 *  work, in one run. Without a name, all five. Each is also a separate program with more options. */
import { globSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findSampleLibrary } from '../src/cli/sample-library.ts';
import { benchIndexing, renderIndexingBench } from './speed/indexing.ts';
import { benchParts, renderPartsBench } from './speed/parts.ts';
import { benchQuery, renderQueryBench } from './speed/query.ts';
import { benchSearch, renderSearchBench } from './speed/search.ts';
import { benchWorker, printWorkerBench } from './speed/worker.ts';

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const environment = process.env;

function sampleLibrary(): string {
  const found = findSampleLibrary();
  if (found) return found;
  log(
    'Cannot measure: expected the sample library (npm run demo installs it), or a folder of recordings with --music DIR',
  );
  process.exit(1);
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { music: { type: 'string' } } });
const music = () => values.music ?? sampleLibrary();

const parts: Readonly<Record<string, () => Promise<string>>> = {
  indexing: async () => renderIndexingBench(await benchIndexing({ dir: music(), rounds: 3, environment, log })),
  worker: async () => {
    const files = globSync(path.join(music(), '**/*.{ogg,mp3,flac,opus,m4a,wav}')).sort();
    return printWorkerBench(await benchWorker({ files, rounds: 3, cores: availableParallelism(), environment, log }));
  },
  search: async () => {
    const sizes = [10_000, 100_000, 400_000];
    return renderSearchBench(await benchSearch({ sizes, rounds: 9, shards: 2, folder: tmpdir(), log }));
  },
  parts: async () => {
    const sizes = [10_000, 100_000, 400_000];
    return renderPartsBench(await benchParts({ sizes, rounds: 9, shards: 2, folder: tmpdir(), log }));
  },
  query: async () => renderQueryBench(await benchQuery({ chunks: 400_000, rounds: 5, environment, log })),
};

const asked = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  log(`Cannot measure ${unknown.join(', ')}: expected some of ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
for (const name of asked) {
  process.stdout.write(`## ${name}\n\n${await parts[name]?.()}\n`);
}
