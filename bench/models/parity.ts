/** Compares a downloaded model with its original code, with the published weights on both sides. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { decodeFloat32 } from '../../src/embedding/packed-arrays.ts';
import type { Model } from '../../src/models/manifest.ts';
import { referenceSignal, sha256OfSignal, signalKinds } from '../../test/support/reference-signals.ts';
import { table } from '../table.ts';

const run = promisify(execFile);

/** Repositories of the weights of the exports. */
const originals: Readonly<Record<string, string>> = {
  clap: 'laion/larger_clap_music_and_speech',
  'clap-int8': 'laion/larger_clap_music_and_speech',
  'clap-small': 'laion/clap-htsat-unfused',
  'clap-small-int8': 'laion/clap-htsat-unfused',
  wav2vec2: 'facebook/wav2vec2-base',
  hubert: 'facebook/hubert-base-ls960',
  wavlm: 'microsoft/wavlm-base-plus',
};

/** Tolerance for float32 sums in another order. Weights of another precision are another space, so their distance is only
 *  reported. */
const distanceMax = 1e-5;
const answerBytesMax = 64 * 2 ** 20;

const answer = z.object({
  sampleRateHz: z.number(),
  windows: z.array(
    z.object({
      kind: z.enum(signalKinds),
      seed: z.number(),
      samples: z.number(),
      sha256: z.string(),
      vector: z.string(),
    }),
  ),
});

export interface ParityResult {
  readonly report: string;
  readonly agrees: boolean;
}

/** @param python interpreter with transformers; null: runs only the checks without Python
 *  @param source repository or folder of the original weights; null: the known one for the model's name
 *  @throws {LeitmotifError} config-invalid when the model's files or its canary differ from its manifest */
export async function modelsParity(model: Model, python: string | null, source: string | null): Promise<ParityResult> {
  const { name, family, precision, windowSec } = model.manifest;
  const loaded = await loadModel(model, windowSec.default, 'cpu');
  try {
    const title = `# ${name}: files, sums and canary are what its manifest says`;
    const original = source ?? originals[name];
    if (python === null || original === undefined || family === 'pcm') {
      const why = family === 'pcm' || original === undefined ? 'no original is known of it' : noPython;
      return { report: `${title}\nNot held against Python: ${why}\n`, agrees: true };
    }
    const script = path.join(import.meta.dirname, '../reference/parity.py');
    const { stdout } = await run(python, [script, family, original], { maxBuffer: answerBytesMax });
    const { sampleRateHz, windows } = answer.parse(JSON.parse(stdout));
    const rows: string[][] = [];
    let largest = 0;
    for (const window of windows) {
      const sound = referenceSignal(window, sampleRateHz);
      if (sha256OfSignal(sound) !== window.sha256) throw new Error(`Cannot compare: ${window.kind} differs in Python`);
      const [vector] = await loaded.run([sound]);
      const distance = distanceOf(vector ?? new Float32Array(), decodeFloat32(window.vector));
      largest = Math.max(largest, distance);
      rows.push([window.kind, `${(window.samples / sampleRateHz).toFixed(3)} s`, distance.toExponential(1)]);
    }
    const agrees = precision !== 'fp32' || largest < distanceMax;
    const verdict =
      precision === 'fp32' ? `at most ${distanceMax} is allowed` : `${precision} weights: a space of their own`;
    const head = ['window', 'length', 'cosine distance'];
    return { report: [title, `Against ${original}; ${verdict}`, '', table(head, rows)].join('\n'), agrees };
  } finally {
    await loaded.close();
  }
}

const noPython = 'expected a Python with transformers, with --python PATH or as training/reference/README.md says';

function distanceOf(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`Cannot compare: expected ${b.length} dimensions, got ${a.length}`);
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x = 0, y = 0] = [a[i], b[i]];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return Math.max(0, 1 - product / Math.sqrt(ofA * ofB));
}
