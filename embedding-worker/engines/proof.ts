/** What a GPU has to prove before it is trusted with anybody's recording: that it computes what the CPU does, alone and in
 *  company, itself and not through the CPU, and, where nobody asked for it by name, sooner than the CPU would. */
import { checkCanary } from './canary.ts';
import type { OpenedModel } from './opened-model.ts';

export interface Reference {
  /** Embedding of the canary window, shape [dimensions]. */
  readonly vector: Float32Array;
  /** Milliseconds a window that all of the CPU's processes together take; null: the device need not be faster. */
  readonly cpuMs: number | null;
}

/** Some shapes are worked out on the CPU whatever the device: 0.8 % of the built-in model's bytes, less of CLAP's. */
const gpuShareMin = 0.9;
/** Half a full batch: enough to show what batches gain. */
const timedBatch = 8;

/** @param canary shape [samples]
 *  @param gate what is done with each window besides, in the same process
 *  @throws {Error} what it failed in */
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
  const company = Float32Array.from(canary).reverse();
  const batchOf = (size: number) => [...Array.from({ length: size - 1 }, () => company), canary];
  if (cpuMs === null) {
    checkCanary((await opened.run(batchOf(2))).at(-1) as Float32Array, vector, toleranceMax);
    return;
  }
  // If not even a batch for the price of one window were faster, none need be tried.
  checkFaster((await msPerWindow(opened, [canary], gate)) / timedBatch, cpuMs);
  const batch = batchOf(timedBatch);
  checkCanary((await opened.run(batch)).at(-1) as Float32Array, vector, toleranceMax);
  checkFaster(await msPerWindow(opened, batch, gate), cpuMs);
}

/** With the gate: it runs beside each process of a CPU, but in the one process of a GPU. */
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
