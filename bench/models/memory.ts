/** Compares the memory of an inference process with that of one ONNX session alone. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { collectorFlags } from '../../src/embedding/worker-options.ts';
import type { Model } from '../../src/models/manifest.ts';
import { networkItemShape } from '../../src/models/network-spec.ts';
import type { ProcessFigures } from '../process-figures.ts';

const run = promisify(execFile);
const windowSec = 10;

/** Memory of a fresh process with only the session, after a few windows.
 *  @param environment that of the worker */
export async function bareSessionMemory(
  model: Model,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ProcessFigures> {
  const { network } = model.manifest;
  const dims = [1, ...networkItemShape(model, windowSec)].join();
  const script = path.join(import.meta.dirname, 'bare-session.ts');
  const weights = path.join(model.folder, network.file);
  const { stdout } = await run(process.execPath, [...collectorFlags, script, weights, network.input, dims], {
    env: { ...environment },
  });
  return JSON.parse(stdout) as ProcessFigures;
}
