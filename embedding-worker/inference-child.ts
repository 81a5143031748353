/** The entry of an inference process: windows in, their kind and vector out, one after the other in order of arrival.
 *  It dies with its parent: Node closes the channel when the parent is gone, however it went. */
import { Socket } from 'node:net';
import { classifyWindow } from '../src/audio/gate.ts';
import { batchesOf } from './engines/batches.ts';
import { bucketOf, gpuBatchMax, type OnDevice, openOnDevice } from './engines/devices.ts';
import { type LoadedModel, loadFrontEnd, loadModel } from './engines/loaded-model.ts';
import type { FromInferenceProcess, LoadMessage } from './engines/protocol.ts';
import { type PipedWindow, readWindows } from './engines/window-pipe.ts';
import { readModel } from './models.ts';

interface Loaded extends OnDevice<LoadedModel> {
  readonly sampleRateHz: number;
}

async function load({ manifestPath, windowSec, device, gives }: LoadMessage): Promise<Loaded> {
  const model = await readModel(manifestPath);
  const { sampleRateHz } = model.manifest;
  if (gives === 'network-input') {
    return { device: 'cpu', loaded: await loadFrontEnd(model), passedOver: [], sampleRateHz };
  }
  return { ...(await openOnDevice(device, (provider) => loadModel(model, windowSec, provider))), sampleRateHz };
}

/** Silence is embedded as well: every kind's vectors are stored, so that an option can let them in without indexing
 *  anew, and a model that cannot stand silence is noticed instead of worked around. */
async function processBatch(batch: readonly PipedWindow[], { device, loaded, sampleRateHz }: Loaded): Promise<void> {
  const startedAt = performance.now();
  const heard = batch.map(({ samples }) => classifyWindow(samples, sampleRateHz));
  const rows = await loaded.run(device === 'cpu' ? samplesOf(batch) : filledUp(samplesOf(batch)));
  const computeMs = (performance.now() - startedAt) / batch.length;
  batch.forEach(({ id }, at) => {
    const [sound, values] = [heard[at], rows[at]];
    if (!sound || !values) throw new RangeError(`Cannot answer: expected ${batch.length} results, got ${rows.length}`);
    // A row may be a view of its batch: the channel would send all of it.
    const own = values.length === values.buffer.byteLength / values.BYTES_PER_ELEMENT ? values : values.slice();
    const { kind, loudnessDb } = sound;
    send({ type: 'embedded', id, window: { kind, loudnessDb, values: own, computeMs } });
  });
}

/** A batch that fails is tried window by window: one bad window must not take its neighbours along. */
async function answerBatch(batch: readonly PipedWindow[], loaded: Loaded): Promise<void> {
  try {
    await processBatch(batch, loaded);
  } catch (error) {
    if (batch.length > 1) for (const window of batch) await answerBatch([window], loaded);
    else if (batch[0]) send({ type: 'failed', id: batch[0].id, message: messageOf(error) });
  }
}

function samplesOf(batch: readonly PipedWindow[]): Float32Array[] {
  return batch.map(({ samples }) => samples);
}

/** To a size that the device has compiled for, with copies of the last window. */
function filledUp(windows: Float32Array[]): Float32Array[] {
  const last = windows.at(-1);
  const missing = bucketOf(windows.length) - windows.length;
  return last ? [...windows, ...Array.from({ length: missing }, () => last)] : windows;
}

function send(message: FromInferenceProcess): void {
  // The callback takes the error of a channel that closed meanwhile; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** File descriptor 4, after the three of every process and the channel. */
const windowPipe = 4;
/** From one window to the next the pipe takes a millisecond or two. */
const lingerMs = 5;

async function serveParent(): Promise<void> {
  process.on('disconnect', () => process.exit());
  // A terminal sends Ctrl-C to every process of its group: it is the worker that decides when its children end.
  process.on('SIGINT', () => {});
  const loaded = await new Promise<Loaded>((resolve) => {
    process.once('message', (message: LoadMessage) => {
      load(message).then(resolve, (error: unknown) => send({ type: 'load-failed', message: messageOf(error) }));
    });
  });
  const { device, passedOver } = loaded;
  send({ type: 'ready', device, passedOver });
  const windows = readWindows(new Socket({ fd: windowPipe, writable: false }));
  // A CPU gains nothing from a batch, and blocks longer.
  const batchMax = device === 'cpu' ? 1 : gpuBatchMax;
  for await (const batch of batchesOf(windows, { batchMax, lingerMs })) await answerBatch(batch, loaded);
}

await serveParent();
