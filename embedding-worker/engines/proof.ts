/** Proof of a GPU before it embeds recordings: it computes the same vectors as the CPU, for a single window and in a batch; it
 *  runs the network itself instead of falling back to the CPU; and, if it was chosen automatically, it is faster. */
import { checkCanary } from './canary.ts';
import type { OpenedModel } from './opened-model.ts';

export interface Reference {
  /** Embedding of the canary window, shape [dimensions]. */
  readonly vector: Float32Array;
  /** Milliseconds per window of all CPU processes together; null: the device need not be faster. */
  readonly cpuMs: number | null;
}

/** Some shapes are computed on the CPU with any device: 0.8 % of the built-in model's bytes, less of CLAP's. */
const gpuShareMin = 0.9;
/** Half a full batch: enough to measure the gain of batches. */
const timedBatch = 8;

/** @param canary shape [samples]
 *  @param gate the gate's work on each window, in the same process
 *  @throws {Error} with the failed condition */
export async function proveGpu(
  opened: OpenedModel,
  canary: Float32Array,
  { vector, cpuMs }: Reference,
  gate: (window: Float32Array) => void,
  toleranceMax?: number,
): Promise<void> {
  checkCanary((await opened.run([canary])).at(-1) as Float32Array, vector, toleranceMax);
  const share = opened.gpuShare();
  if (share < gpuShareMin) {
    throw new Error(`computes only ${Math.round(100 * share)} % of the model, the CPU has to do the rest`);
  }
  const filler = Float32Array.from(canary).reverse();
  const batchOf = (size: number) => [...Array.from({ length: size - 1 }, () => filler), canary];
  if (cpuMs === null) {
    checkCanary((await opened.run(batchOf(2))).at(-1) as Float32Array, vector, toleranceMax);
    return;
  }
  // If a batch in the time of one window were still slower than the CPU, no batch can be faster.
  checkFaster((await msPerWindow(opened, [canary], gate)) / timedBatch, cpuMs);
  const batch = batchOf(timedBatch);
  checkCanary((await opened.run(batch)).at(-1) as Float32Array, vector, toleranceMax);
  checkFaster(await msPerWindow(opened, batch, gate), cpuMs);
}

/** Includes the gate, which runs in every CPU process but only in the one GPU process. */
export async function msPerWindow(
  { run }: Pick<OpenedModel, 'run'>,
  windows: readonly Float32Array[],
  gate: (window: Float32Array) => void,
): Promise<number> {
  const startedAt = performance.now();
  for (const window of windows) gate(window);
  await run(windows);
  return (performance.now() - startedAt) / windows.length;
}

function checkFaster(ms: number, cpuMs: number): void {
  if (ms < cpuMs) return;
  throw new Error(`is no faster: at best ${ms.toPrecision(2)} ms a window, the CPU ${cpuMs.toPrecision(2)} ms`);
}
