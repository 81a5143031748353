/** Entry of an inference process: receives windows and returns their kind and vector, in order of arrival. Ends with its parent
 *  in any case, because Node closes the channel. */
import '../src/io/while-starting.ts';
import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { classifyWindow } from '../src/audio/gate/gate.ts';
import { batchesOf } from './engines/batches.ts';
import { bucketOf, gpuBatchMax } from './engines/devices.ts';
import { DeviceError, type LoadedModel, loadFrontEnd, loadModel } from './engines/loaded-model.ts';
import type { ExecutionProvider } from './engines/onnx.ts';
import type { FromInferenceProcess, LoadMessage } from './engines/protocol.ts';
import { WindowMemory } from './engines/window-memory.ts';
import { type PipedWindow, readWindows } from './engines/window-pipe.ts';

interface Loaded {
  readonly model: LoadedModel;
  readonly device: ExecutionProvider;
  readonly sampleRateHz: number;
  /** A CPU gains nothing from a batch, and blocks longer. */
  batchMax: number;
}

async function load({ model, windowSec, device, beatCpuProcesses, gives }: LoadMessage): Promise<Loaded> {
  const { sampleRateHz } = model.manifest;
  if (gives === 'network-input') {
    return { model: await loadFrontEnd(model), device: 'cpu', sampleRateHz, batchMax: 1 };
  }
  const gate = (samples: Float32Array): void => void classifyWindow(samples, sampleRateHz);
  const cpuToBeat = beatCpuProcesses === null ? null : { processes: beatCpuProcesses, gate };
  const loaded = await loadModel(model, windowSec, device, cpuToBeat);
  return { model: loaded, device, sampleRateHz, batchMax: device === 'cpu' ? 1 : gpuBatchMax };
}

/** Silence is embedded too. The vectors of all kinds are stored, so that an option can include them without a new index run, and
 *  a model that fails on silence is noticed. */
async function processBatch(batch: readonly PipedWindow[], { device, model, sampleRateHz }: Loaded): Promise<void> {
  const startedAt = performance.now();
  const classified = batch.map(({ samples }) => classifyWindow(samples, sampleRateHz));
  const rows = await model.run(device === 'cpu' ? samplesOf(batch) : filledUp(samplesOf(batch)));
  const computeMs = (performance.now() - startedAt) / batch.length;
  batch.forEach(({ id }, at) => {
    const [sound, values] = [classified[at], rows[at]];
    if (!sound || !values) throw new RangeError(`Cannot answer: expected ${batch.length} results, got ${rows.length}`);
    // Copied, because a row may be a view of its batch, and the channel would send the whole batch.
    const own = values.length === values.buffer.byteLength / values.BYTES_PER_ELEMENT ? values : values.slice();
    const { kind, loudnessDb, loudDb } = sound;
    send({ type: 'embedded', id, window: { kind, loudnessDb, loudDb, values: own, computeMs } });
  });
}

/** Halves a failed batch down to single windows, so that one bad window does not fail the others.
 *  @returns the number of failed windows */
async function answerBatch(batch: readonly PipedWindow[], loaded: Loaded): Promise<number> {
  try {
    await processBatch(batch, loaded);
    return 0;
  } catch (error) {
    const [first] = batch;
    if (batch.length === 1 && first) {
      await reportWindowFailure(first, error, loaded);
      return 1;
    }
    const middle = Math.ceil(batch.length / 2);
    const failed =
      (await answerBatch(batch.slice(0, middle), loaded)) + (await answerBatch(batch.slice(middle), loaded));
    // No window is bad: the batch was too large for the device's memory, so later batches are smaller.
    if (failed === 0) loaded.batchMax = Math.max(1, Math.min(loaded.batchMax, bucketOf(batch.length) / 2));
    return failed;
  }
}

/** Reports the failure of a window, or of the device if it no longer passes its proof; then the parent starts another process. */
async function reportWindowFailure({ id }: PipedWindow, error: unknown, { model }: Loaded): Promise<void> {
  try {
    await model.prove();
    send({ type: 'failed', id, message: messageOf(error) });
  } catch (lost) {
    send({ type: 'device-lost', message: messageOf(lost) });
    // The parent ends this process.
    await new Promise(() => {});
  }
}

function samplesOf(batch: readonly PipedWindow[]): Float32Array[] {
  return batch.map(({ samples }) => samples);
}

/** Pads the batch to a size that the device has compiled for, with copies of the last window. */
function filledUp(windows: Float32Array[]): Float32Array[] {
  const last = windows.at(-1);
  const missing = bucketOf(windows.length) - windows.length;
  return last ? [...windows, ...Array.from({ length: missing }, () => last)] : windows;
}

function send(message: FromInferenceProcess): void {
  // The callback receives the error of a closed channel; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

/** Messages of drivers have many lines, with stacks. */
const messageLengthMax = 500;

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim().slice(0, messageLengthMax);
}

/** File descriptor 4, after the three of every process and the channel. */
const windowPipe = 4;
/** On a CPU one window is computed, one has been read and one is being read. A GPU's batches use more and make garbage. */
const windowsKeptMax = 3;
/** The pipe takes one or two milliseconds between two windows. */
const lingerMs = 5;

async function serveParent(): Promise<void> {
  // Ignored: a terminal sends Ctrl-C to all processes of its group, but the worker ends its children.
  process.on('SIGINT', () => {});
  const loaded = await new Promise<Loaded>((resolve) => {
    process.once('message', (message: LoadMessage) => {
      load(message).then(resolve, (error: unknown) => {
        const culprit = error instanceof DeviceError ? 'device' : 'model';
        send({ type: 'load-failed', culprit, message: messageOf(error) });
      });
    });
  });
  send({ type: 'ready', device: loaded.device, passedOver: loaded.model.passedOver });
  // Node stores compiled code at the end of a process, but this one is killed. Without the stored code each process would load
  // the TypeScript compiler (15 MB) and take twice as long to start.
  flushCompileCache();
  const memory = new WindowMemory(windowsKeptMax);
  const windows = readWindows(new Socket({ fd: windowPipe, writable: false }), memory);
  const batches = batchesOf(windows, { batchMax: () => loaded.batchMax, lingerMs });
  for await (const batch of batches) {
    await answerBatch(batch, loaded);
    // The data was copied when it was sent.
    for (const { samples } of batch) memory.release(samples);
  }
}

await serveParent();
