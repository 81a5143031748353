/** Command line options of the quality benchmarks. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly tasks: readonly string[];
  /** Holds soundtracks.json, versions.json, nonmusic.json, training.json and their audio. */
  readonly benchDir: string;
  /** Holds audio from apt, damaged copies, vectors. May be deleted at any time. */
  readonly cacheDir: string;
  /** The models to measure. Reports compare several. */
  readonly models: readonly string[];
  /** Prints one JSON object instead of tables. */
  readonly json: boolean;
}

/** The built-in model of the product. */
const productModel = 'builtin';

const repository = resolve(import.meta.dirname, '..');

/** @throws {Error} with instructions when the benchmark's folder is missing */
export function benchOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      bench: { type: 'string' },
      cache: { type: 'string' },
      model: { type: 'string', multiple: true, default: [productModel] },
      json: { type: 'boolean', default: false },
    },
  });
  const benchDir = resolve(values.bench ?? join(repository, '../shared/bench-dev'));
  if (!existsSync(join(benchDir, 'soundtracks.json'))) {
    throw new Error(
      `Cannot run the benchmark: expected soundtracks.json in ${benchDir}; name the benchmark's folder with --bench DIR`,
    );
  }
  const cacheDir = resolve(values.cache ?? join(repository, '.cache'));
  return { tasks: positionals, benchDir, cacheDir, models: values.model, json: values.json };
}
