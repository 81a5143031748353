/** The cost of indexing, measured on the sample library with the whole command and extrapolated to the original system's 13,171
 *  recordings of five minutes each, next to its 48 hours on a GPU machine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Catalog } from '../../src/catalog/catalog.ts';
import { findSampleLibrary } from '../../src/cli/sample-library.ts';
import { formatDuration } from '../../src/format.ts';
import { availableModels } from '../models/available.ts';
import { exportShape, findPython } from '../models/python.ts';
import { table } from '../table.ts';
import { runCommand } from './processes.ts';

export interface IndexingCost {
  readonly model: string;
  readonly audioSec: number;
  readonly wallSec: number;
  /** For `originalTracks` recordings of `originalTrackSec`. */
  readonly carriedSec: number;
}

const originalTracks = 13_171;
const originalTrackSec = 300;
const originalSec = 48 * 3600;
/** A network of CLAP's size with random weights takes as long as CLAP. */
const shapeName = 'clap-shape';

export async function measureIndexing(cacheDir: string, log: (line: string) => void): Promise<IndexingCost[]> {
  const dir = findSampleLibrary();
  if (!dir) throw new Error('Cannot measure: expected the sample library; npm run demo installs it');
  const shapesDir = path.join(cacheDir, 'bench-models');
  const python = findPython(undefined, cacheDir);
  if (python) await exportShape(python, shapeName, shapesDir);
  const available = await availableModels(process.env, shapesDir);
  const models = available.filter(({ model }) => ['builtin', shapeName].includes(model.manifest.name));
  if (models.length < 2) log(`${shapeName} is not here: making it takes a Python (training/reference/README.md)`);
  const costs: IndexingCost[] = [];
  for (const { model, dir: modelsDir } of models) {
    log(`indexing ${dir} with ${model.manifest.name}`);
    costs.push(await indexOnce(dir, model.manifest.name, modelsDir));
  }
  return costs;
}

async function indexOnce(dir: string, model: string, modelsDir: string): Promise<IndexingCost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-scale-indexing-'));
  try {
    const environment = { ...process.env, INDEX_DIR: folder, MODELS_DIR: modelsDir, EMBEDDING_MODEL: model };
    const { wallMs } = await runCommand(['index', dir], { ...environment, EMBEDDING_DEVICE: 'cpu' });
    using catalog = new Catalog(path.join(folder, 'catalog.sqlite'));
    const audioSec = catalog.counts().hours * 3600;
    const wallSec = wallMs / 1000;
    return { model, audioSec, wallSec, carriedSec: (originalTracks * originalTrackSec * wallSec) / audioSec };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function renderIndexing(costs: readonly IndexingCost[]): string {
  return table(
    [
      'indexing the sample library',
      'audio',
      'the whole command',
      'times real time',
      `${originalTracks.toLocaleString('en-US')} recordings of 5 minutes`,
      'the original, on one GPU machine, over it',
    ],
    costs.map(({ model, audioSec, wallSec, carriedSec }) => [
      model,
      formatDuration(audioSec),
      formatDuration(wallSec),
      `${(audioSec / wallSec).toFixed(0)} x`,
      formatDuration(carriedSec),
      `${(originalSec / carriedSec).toFixed(1)} x`,
    ]),
  );
}
