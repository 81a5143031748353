/** Computes a model's canary on this machine's CPU and writes it into the model's manifest: the vector that every device
 *  must compute for one window of noise before it is used (embedding-worker/engines/canary.ts).
 *
 *      node scripts/write-canary.ts NAME [--models DIR]
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { canaryWindow } from '../embedding-worker/engines/canary.ts';
import { loadModel } from '../embedding-worker/engines/loaded-model.ts';
import { encodeArray } from '../src/embedding/packed-arrays.ts';
import { findModel } from '../src/models/find-model.ts';
import { type Model, manifestPathOf } from '../src/models/manifest.ts';
import { samplesOf } from '../src/models/network-spec.ts';

export const shippedModels = path.join(import.meta.dirname, '../embedding-worker/models');

/** @param model the canary in its manifest is ignored, because the weights may have changed
 *  @returns base64 of float32, as in the manifest
 *  @throws {LeitmotifError} config-invalid when the model cannot be loaded */
export async function canaryOf({ manifest, folder }: Model): Promise<string> {
  const { canary: _, ...rest } = manifest;
  const windowSec = manifest.windowSec.default;
  const loaded = await loadModel({ manifest: rest, folder }, windowSec, 'cpu');
  try {
    const [vector] = await loaded.run([canaryWindow(samplesOf(manifest, windowSec))]);
    return encodeArray(vector as Float32Array);
  } finally {
    await loaded.close();
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { models: { type: 'string' } } });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) {
    process.stderr.write('Usage: node scripts/write-canary.ts NAME [--models DIR]\n');
    process.exitCode = 1;
    return;
  }
  const model = await findModel([values.models ?? shippedModels], name);
  const manifestPath = manifestPathOf(model);
  const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as Record<string, unknown>;
  manifest.canary = await canaryOf(model);
  await writeFile(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
  process.stdout.write(`${manifestPath}: the canary is written\n`);
}

if (import.meta.main) await main();
