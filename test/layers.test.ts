/** Imports point one way (ARCHITECTURE.md, "Layers"), and each outside part has one caller. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { init, parse } from 'es-module-lexer';
import { beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** Folder or file -> what it may import, itself aside. `domain` stands for the words, errors and ways of writing. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  config: ['domain'],
  audio: ['domain'],
  embedding: ['domain'],
  search: ['domain'],
  library: ['domain'],
  catalog: ['domain'],
  query: ['domain', 'audio', 'embedding', 'search', 'library', 'catalog'],
  indexing: ['domain', 'audio', 'embedding', 'search', 'library', 'catalog'],
  exchange: ['domain', 'search', 'catalog'],
  keeping: ['domain', 'search', 'library', 'catalog', 'indexing'],
  // It writes the worker's model manifests, from the worker's catalogue of what can be downloaded.
  models: ['domain', 'worker', 'search'],
  // The worker's model manifests tell a model's space without starting it.
  app: [
    'domain',
    'config',
    'worker',
    'audio',
    'embedding',
    'search',
    'library',
    'catalog',
    'query',
    'indexing',
    'models',
    'exchange',
    'keeping',
  ],
  terminal: [
    'domain',
    'app',
    'audio',
    'embedding',
    'search',
    'library',
    'catalog',
    'query',
    'indexing',
    'models',
    'exchange',
    'keeping',
  ],
  discord: ['domain', 'config', 'app', 'audio', 'embedding', 'search', 'library', 'catalog', 'query', 'indexing'],
  commands: ['domain', 'config', 'app', 'discord', 'catalog', 'query'],
  log: [],
  entry: [
    'domain',
    'config',
    'log',
    'app',
    'terminal',
    'discord',
    'commands',
    'local-discord',
    'audio',
    'embedding',
    'search',
    'library',
    'catalog',
    'query',
    'indexing',
    'exchange',
    'keeping',
  ],
  // Any bot can run against it: it knows nothing of this one.
  'local-discord': [],
  worker: ['domain', 'config', 'audio', 'worker'],
};

/** package or built-in -> who may import it */
const callers: Readonly<Record<string, readonly string[]>> = {
  'fluent-ffmpeg': ['src/audio/ffmpeg.ts'],
  'faiss-node': ['src/index/faiss-child.ts'],
  'onnxruntime-node': ['embedding-worker/engines/onnx-runtime.ts'],
  '@huggingface/tokenizers': ['embedding-worker/text/tokenizer.ts'],
  // The lock is the operating system's, taken through SQLite; it holds no data.
  'node:sqlite': ['src/catalog/database.ts', 'src/io/process-lock.ts'],
  'music-metadata': ['embedding-worker/tags/library-tags.ts'],
  undici: ['src/embedding/client.ts', 'src/models/download/hub-request.ts', 'embedding-worker/engines/remote/http.ts'],
  cockatiel: ['embedding-worker/engines/remote/guard.ts'],
  oauth4webapi: ['embedding-worker/engines/remote/access-token.ts'],
  'ipaddr.js': ['src/fetch/public-address.ts'],
  '@resvg/resvg-js': ['src/media/picture.ts'],
  hyparquet: ['src/exchange/parquet.ts'],
  'hyparquet-writer': ['src/exchange/parquet.ts'],
  'node-cron': ['src/discord/library/scheduler.ts', 'src/config/schedule.ts', 'src/discord/housekeeping.ts'],
  '@azure/storage-blob': ['src/library/azure/client.ts', 'src/library/azure/listing.ts', 'src/library/azure/pages.ts'],
  '@azure/identity': ['src/library/azure/client.ts'],
  'prom-client': ['embedding-worker/metrics.ts', 'src/discord/metrics.ts'],
};

/** The worker is a program of its own; the page's bundler must be told that it builds for production; ONNX Runtime's
 *  telemetry is turned off before it is loaded. */
const readsToo = [
  'embedding-worker/main.ts',
  'embedding-worker/engines/no-telemetry.ts',
  'local-discord/page-build.ts',
];

const words = [
  'src/io/copy-whole.ts',
  'src/io/disk-full.ts',
  'src/domain.ts',
  'src/io/end-with-parent.ts',
  'src/errors.ts',
  'src/format.ts',
  'src/audio-formats.ts',
  'src/config/library-location.ts',
  'src/io/niceness.ts',
  'src/io/private-files.ts',
  'src/io/process-lock.ts',
  'src/io/time-charged.ts',
  'src/io/version.ts',
  'src/io/while-starting.ts',
];
const entries = ['src/cli.ts', 'src/demo.ts', 'src/index-job.ts', 'src/main.ts'];
/** Of src/embedding, the worker shares only what both sides must agree on. */
const sharedWithWorker = [
  'src/embedding/packed-arrays.ts',
  'src/embedding/wire-format.ts',
  'src/models/space-id.ts',
  'src/embedding/worker-options.ts',
];

function layerOf(file: string): string {
  if (words.includes(file)) return 'domain';
  if (entries.includes(file) || file.startsWith('src/demo/')) return 'entry';
  if (file.startsWith('embedding-worker/')) return 'worker';
  if (!file.startsWith('src/')) return file.split('/')[0] ?? '';
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '');
}

interface Import {
  readonly from: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const source = readFileSync(path.join(root, file), 'utf8');
  // The lexer reads TypeScript, type imports included; imports from template strings stay undefined.
  const [imports] = parse(source);
  const names = imports.flatMap((found) => ('specifier' in found && found.specifier ? [found.specifier] : []));
  return names.map((name) => ({
    from: file,
    target: name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name,
  }));
}

const files = globSync(
  ['src/**/*.ts', 'commands/*.ts', 'embedding-worker/**/*.ts', 'local-discord/*.ts', 'local-discord/server/*.ts'],
  { cwd: root },
).sort();

describe('layers', () => {
  beforeAll(() => init);

  test('there is something to look at', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(60);
  });

  test('imports point one way', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ target }) => /^(src|commands|embedding-worker|local-discord)\//.test(target))
      .filter(({ from, target }) => {
        const [above, below] = [layerOf(from), layerOf(target)];
        if (above === below) return false;
        if (above === 'worker' && sharedWithWorker.includes(target)) return false;
        return !(allowed[above] ?? []).includes(below);
      });
    expect(wrong.map(({ from, target }) => `${from} imports ${target}`)).toEqual([]);
  });

  test('each outside part has one caller', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ from, target }) => callers[target] !== undefined && !callers[target].includes(from));
    expect(wrong.map(({ from, target }) => `${from} imports ${target}`)).toEqual([]);
  });

  test('ONNX Runtime is loaded by one module, which turns off its telemetry, in benchmarks and tests too', () => {
    const everywhere = globSync(['bench/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'], { cwd: root });
    const direct = everywhere.flatMap(importsOf).filter(({ target }) => target === 'onnxruntime-node');
    expect(direct).toEqual([]);
  });

  test('one place reads the environment', () => {
    const readers = files.filter((file) => /\bprocess\s*\.\s*env\b/.test(readFileSync(path.join(root, file), 'utf8')));
    expect(readers.filter((file) => !entries.includes(file) && !readsToo.includes(file))).toEqual([]);
  });
});
