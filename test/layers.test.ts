/** Imports point one way (ARCHITECTURE.md, "Layers"), and each outside part has one caller. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { init, parse } from 'es-module-lexer';
import { beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** Folder or file -> the folders it may import, itself aside; each list includes what is below. `domain` stands for
 *  src/domain.ts, src/errors.ts, src/format.ts and src/audio-formats.ts. */
const ground = ['domain', 'io'];
const parts = ['audio', 'fingerprint', 'embedding', 'models', 'library', 'catalog', 'index', 'ranking'];
const jobs = ['fetch', 'query', 'media', 'indexing', 'exchange', 'maintenance'];
const services = ['domain', 'io', 'config', ...parts, ...jobs, 'services'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  io: ['domain'],
  config: ground,
  audio: ground,
  fingerprint: ground,
  library: [...ground, 'config'],
  catalog: ground,
  ranking: [...ground, 'fingerprint'],
  index: [...ground, 'ranking'],
  models: [...ground, 'index'],
  embedding: [...ground, 'models'],
  fetch: ground,
  query: [...ground, 'audio', 'fingerprint', 'embedding', 'library', 'catalog', 'index', 'ranking'],
  media: [...ground, 'audio', 'fingerprint', 'library', 'catalog', 'ranking', 'query'],
  indexing: [...ground, 'config', 'audio', 'fingerprint', 'embedding', 'library', 'catalog', 'index', 'ranking'],
  exchange: [...ground, 'catalog', 'index', 'embedding'],
  maintenance: [...ground, 'library', 'catalog', 'index', 'indexing'],
  services: services,
  app: services,
  answering: services,
  discord: [...services, 'answering'],
  web: [...services, 'answering'],
  cli: [...services, 'app'],
  commands: [...services, 'answering', 'discord'],
  entry: [...services, 'answering', 'app', 'cli', 'discord', 'web', 'commands', 'local-discord', 'page'],
  // Any bot can run against it: it knows nothing of this one.
  'local-discord': [],
  // The web app's page, in browsers: types of the API, and modules that another test proves to be pure.
  page: ['domain', 'query', 'ranking', 'discord', 'web'],
  // A program of its own. It imports src; nothing in src imports it.
  worker: [...ground, 'config', 'audio', 'embedding', 'models'],
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
  undici: [
    'src/embedding/client.ts',
    'src/models/download/hub-request.ts',
    'src/io/socket-client.ts',
    'embedding-worker/engines/remote/http.ts',
  ],
  cockatiel: ['embedding-worker/engines/remote/guard.ts', 'src/index/milvus/guard.ts'],
  oauth4webapi: ['embedding-worker/engines/remote/access-token.ts', 'src/web/discord-oauth.ts'],
  fflate: ['src/models/download/package-file.ts'],
  'ipaddr.js': ['src/fetch/public-address.ts'],
  '@resvg/resvg-js': ['src/media/picture.ts'],
  hyparquet: ['src/exchange/parquet.ts'],
  'hyparquet-writer': ['src/exchange/parquet.ts'],
  'node-cron': ['src/services/scheduler.ts', 'src/config/schedule.ts', 'src/answering/housekeeping.ts'],
  '@azure/storage-blob': ['src/library/azure/client.ts', 'src/library/azure/listing.ts', 'src/library/azure/pages.ts'],
  '@azure/identity': ['src/library/azure/client.ts'],
  'prom-client': ['embedding-worker/metrics.ts', 'src/discord/metrics.ts', 'src/web/metrics.ts'],
};

/** The terminal's entry reads the configuration when a command runs; the worker is a program of its own; the page's bundler must be told that it builds for production; ONNX Runtime's
 *  telemetry is turned off before it is loaded. */
const readsToo = [
  'src/cli/with-app.ts',
  'embedding-worker/main.ts',
  'embedding-worker/engines/no-telemetry.ts',
  'local-discord/page-build.ts',
  'web/page-build.ts',
];

const words = ['src/domain.ts', 'src/errors.ts', 'src/format.ts', 'src/audio-formats.ts'];
const entries = ['src/cli.ts', 'src/demo.ts', 'src/index-job.ts', 'src/main.ts', 'src/web.ts'];

function layerOf(file: string): string {
  if (words.includes(file)) return 'domain';
  if (entries.includes(file) || file.startsWith('src/demo/')) return 'entry';
  if (file.startsWith('embedding-worker/')) return 'worker';
  if (file.startsWith('web/')) return 'page';
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

/** What remains of a file's imports when types are removed, as a bundler does; also of TSX, which the lexer does not read. */
function loadedBy(file: string): string[] {
  const source = readFileSync(path.join(root, file), 'utf8').replace(/^(?:import|export) type [^;]+;/gm, '');
  const names = [...source.matchAll(/^(?:import |(?:import|export) [^;'"]*? from )['"]([^'"]+)['"];/gm)].map(
    ([, name = '']) => name,
  );
  return names
    .map((name) => (name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name))
    .filter((target) => !/\.(css|svg)$/.test(target));
}

/** Circles among files, each once, beginning with its first name. */
function circlesIn(below: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const circles = new Map<string, string[]>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      const circle = way.slice(at);
      circles.set([...circle].sort().join(), circle);
      return;
    }
    if (done.has(file)) return;
    for (const next of below.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of below.keys()) visit(file, []);
  return [...circles.values()];
}

const files = globSync(
  [
    'src/**/*.ts',
    'commands/*.ts',
    'embedding-worker/**/*.ts',
    'local-discord/*.ts',
    'local-discord/server/*.ts',
    'web/**/*.ts',
  ],
  { cwd: root, exclude: (name) => name === 'node_modules' },
).sort();

describe('layers', () => {
  beforeAll(() => init);

  test('finds source files', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(60);
  });

  test('lets imports point one way', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ target }) => /^(src|commands|embedding-worker|local-discord|web)\//.test(target))
      .filter(({ from, target }) => {
        const [above, below] = [layerOf(from), layerOf(target)];
        if (above === below) return false;
        return !(allowed[above] ?? []).includes(below);
      });
    expect(wrong.map(({ from, target }) => `${from} imports ${target}`)).toEqual([]);
  });

  test('has no circular imports', () => {
    const below = new Map(files.map((file) => [file, importsOf(file).map(({ target }) => target)]));
    expect(circlesIn(below).map((circle) => circle.join(' -> '))).toEqual([]);
  });

  test("lets the web app's page load pure modules of src only: none reaches Node or a package", () => {
    const parts = globSync('web/page/**/*.{ts,tsx}', { cwd: root }).sort();
    expect(parts.length).toBeGreaterThan(15);
    const reached = new Set<string>();
    const outside = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const target of loadedBy(file)) {
        if (/^(src|web)\//.test(target)) visit(target);
        else if (file.startsWith('src/')) outside.add(`${file} loads ${target}`);
      }
    };
    for (const part of parts) visit(part);
    const shared = [...reached].filter((file) => file.startsWith('src/'));
    expect(shared).toContain('src/query/answer-facts.ts');
    expect(shared).toContain('src/discord/texts/query.de.ts');
    expect([...outside]).toEqual([]);
  });

  test('gives each outside part one caller', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ from, target }) => callers[target] !== undefined && !callers[target].includes(from));
    expect(wrong.map(({ from, target }) => `${from} imports ${target}`)).toEqual([]);
  });

  test('loads ONNX Runtime in one module, which turns off its telemetry, in benchmarks and tests too', () => {
    const everywhere = globSync(['bench/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'], { cwd: root });
    const direct = everywhere.flatMap(importsOf).filter(({ target }) => target === 'onnxruntime-node');
    expect(direct).toEqual([]);
  });

  test("names Milvus's client in one module, which loads it only where it is configured", () => {
    const named = files.filter((file) => readFileSync(path.join(root, file), 'utf8').includes('@zilliz/'));
    expect(named).toEqual(['src/index/milvus/sdk.ts']);
    expect(importsOf('src/index/milvus/sdk.ts').map(({ target }) => target)).not.toContain('@zilliz/milvus2-sdk-node');
  });

  test('reads the environment in one place', () => {
    const readers = files.filter((file) => /\bprocess\s*\.\s*env\b/.test(readFileSync(path.join(root, file), 'utf8')));
    expect(readers.filter((file) => !entries.includes(file) && !readsToo.includes(file))).toEqual([]);
  });
});
