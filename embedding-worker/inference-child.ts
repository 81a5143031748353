/** The entry of an inference process: windows in, their kind and vector out, one after the other in order of arrival.
 *  It dies with its parent: Node closes the channel when the parent is gone, however it went. */
import { Socket } from 'node:net';
import { classifyWindow } from '../src/audio/gate.ts';
import type { EmbeddedWindow } from './engines/engine.ts';
import { loadOnnxModel, type OnnxModel } from './engines/onnx.ts';
import type { FromInferenceProcess, LoadMessage } from './engines/protocol.ts';
import { readWindows } from './engines/window-pipe.ts';
import { readModel } from './models.ts';

interface Loaded {
  readonly onnx: OnnxModel;
  readonly sampleRateHz: number;
}

async function load(message: LoadMessage): Promise<Loaded> {
  const model = await readModel(message.manifestPath);
  return { onnx: await loadOnnxModel(model, message.windowSec), sampleRateHz: model.manifest.sampleRateHz };
}

/** Silence is embedded as well: every kind's vectors are stored, so that an option can let them in without indexing
 *  anew, and a model that cannot stand silence is noticed instead of worked around. */
async function embedWindow(samples: Float32Array, loaded: Loaded): Promise<EmbeddedWindow> {
  const startedAt = performance.now();
  const { kind, loudnessDb } = classifyWindow(samples, loaded.sampleRateHz);
  const vector = await loaded.onnx.embed(samples);
  return { kind, loudnessDb, vector, computeMs: performance.now() - startedAt };
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

async function serveParent(): Promise<void> {
  process.on('disconnect', () => process.exit());
  // A terminal sends Ctrl-C to every process of its group: it is the worker that decides when its children end.
  process.on('SIGINT', () => {});
  const loaded = await new Promise<Loaded>((resolve) => {
    process.once('message', (message: LoadMessage) => {
      load(message).then(resolve, (error: unknown) => send({ type: 'load-failed', message: messageOf(error) }));
    });
  });
  send({ type: 'ready' });
  for await (const { id, samples } of readWindows(new Socket({ fd: windowPipe, writable: false }))) {
    try {
      send({ type: 'embedded', id, window: await embedWindow(samples, loaded) });
    } catch (error) {
      send({ type: 'failed', id, message: messageOf(error) });
    }
  }
}

await serveParent();
