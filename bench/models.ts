/** Compares all models of this machine on the same clips: speed, memory and quality. Also compares networks of the size of CLAP
 *  and Wav2Vec2 with PyTorch and transformers on the same work.
 *
 *    npm run bench:models -- [NAME...] [--python PATH] [--music DIR] [--rounds 3] [--clips 4]
 *        [--quality-minutes 3] [--bench DIR] [--cache DIR]
 *    npm run bench:models -- --parity NAME [--source REPOSITORY] [--python PATH]
 *
 *  --parity compares one downloaded model with its original code and then measures its quality, which may take long.
 *
 *  The comparison needs a Python with PyTorch and transformers (training/reference/README.md); without it, only
 *  the models are measured. Both sides alternate, and each figure is the median over the rounds.
 */
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type AvailableModel, availableModels } from './models/available.ts';
import { cutBenchClips } from './models/clips.ts';
import { decodingCpuSec } from './models/decode.ts';
import { measureModels } from './models/measure.ts';
import { modelsParity } from './models/parity.ts';
import { exportShape, findPython, shapeNames } from './models/python.ts';
import { modelsQuality } from './models/quality.ts';
import { renderModels } from './models/report.ts';

const root = path.resolve(import.meta.dirname, '..');
/** The baseline. */
const firstName = 'builtin';
/** Measured when no model is named. The small CLAP is measured only by name. */
const usualShapes = ['clap-shape', 'wav2vec2-shape'];

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      parity: { type: 'string' },
      source: { type: 'string' },
      'quality-minutes': { type: 'string' },
      bench: { type: 'string', default: path.join(root, '../shared/bench-dev') },
      python: { type: 'string' },
      music: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      clips: { type: 'string', default: '4' },
      cache: { type: 'string', default: path.join(root, '.cache') },
    },
  });
  const loadBefore = loadavg()[0] ?? 0;
  const python = findPython(values.python, values.cache);
  const shapesDir = path.join(values.cache, 'bench-models');
  const folders = { benchDir: values.bench, cacheDir: values.cache };
  const minutes = (usual: number): number => Number(values['quality-minutes'] ?? usual);
  if (values.parity !== undefined) {
    await parity(values.parity, python, values.source ?? null, shapesDir);
    const models = [{ name: values.parity, windowsPerSec: Number.POSITIVE_INFINITY }];
    if (minutes(1) > 0) process.stdout.write(`${await modelsQuality(models, folders, { minutesMax: minutes(1) })}\n`);
    return;
  }
  const wantedShapes = positionals.length > 0 ? shapeNames.filter((name) => positionals.includes(name)) : usualShapes;
  if (python) for (const name of wantedShapes) await exportShape(python, name, shapesDir);
  const models = chosenModels(await availableModels(process.env, shapesDir), positionals, wantedShapes);
  const { PATH, HOME, TMPDIR } = process.env;
  const cores = availableParallelism();
  const rounds = Number(values.rounds);
  const clips = await cutBenchClips(values.music ?? null, values.cache, Number(values.clips));
  try {
    // As in scripts/setup/launch.mjs: without compiled code, every process also loads the TypeScript compiler.
    const environment = { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/node') };
    const decodingSec = await decodingCpuSec(clips.files);
    const figures = await measureModels({ models, files: clips.files, rounds, cores, python, environment, log });
    const loadAfter = loadavg()[0] ?? 0;
    process.stdout.write(`${renderModels(figures, { cores, rounds, loadBefore, loadAfter, python, decodingSec })}\n`);
    const trained = figures.filter((each) => each.trained);
    if (minutes(3) > 0) process.stdout.write(`${await modelsQuality(trained, folders, { minutesMax: minutes(3) })}\n`);
  } finally {
    await clips.remove();
  }
}

async function parity(name: string, python: string | null, source: string | null, shapesDir: string): Promise<void> {
  const available = await availableModels(process.env, shapesDir);
  const found = available.find(({ model }) => model.manifest.name === name);
  if (!found) throw new Error(`Cannot check ${name}: expected a model of this machine (npm run models -- get ${name})`);
  const { report, agrees } = await modelsParity(found.model, python, source);
  process.stdout.write(`${report}\n`);
  if (!agrees) process.exitCode = 1;
}

/** The built-in model and the named ones. Without names, all trained models and the usual sizes. */
function chosenModels(
  available: readonly AvailableModel[],
  asked: readonly string[],
  shapes: readonly string[],
): AvailableModel[] {
  const names = available.map(({ model }) => model.manifest.name);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`Cannot measure ${unknown}: the models here are: ${names.join(', ')}`);
  const isWanted = ({ model, trained }: AvailableModel): boolean => {
    const { name } = model.manifest;
    if (name === firstName) return true;
    return asked.length > 0 ? asked.includes(name) : trained || shapes.includes(name);
  };
  const wanted = available.filter(isWanted);
  return wanted.sort(
    (a, b) => Number(b.model.manifest.name === firstName) - Number(a.model.manifest.name === firstName),
  );
}

await main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
