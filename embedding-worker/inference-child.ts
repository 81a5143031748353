/** The entry of an inference process: windows in, their kind and vector out, one after the other in order of arrival.
 *  It dies with its parent: Node closes the channel when the parent is gone, however it went. */
import { classifyWindow } from '../src/audio/gate.ts';
import type { EmbeddedWindow } from './engines/engine.ts';
import { loadOnnxModel, type OnnxModel } from './engines/onnx.ts';
import type { FromInferenceProcess, LoadMessage, ToInferenceProcess } from './engines/protocol.ts';
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

function serveParent(): void {
  let loaded: Promise<Loaded> | undefined;
  let work: Promise<void> = Promise.resolve();
  process.on('message', (message: ToInferenceProcess) => {
    if (message.type === 'load') {
      loaded = load(message);
      loaded.then(
        () => send({ type: 'ready' }),
        (error: unknown) => send({ type: 'load-failed', message: messageOf(error) }),
      );
      return;
    }
    const { id, samples } = message;
    work = work.then(async () => {
      try {
        if (!loaded) throw new TypeError('Cannot embed: no model was loaded');
        send({ type: 'embedded', id, window: await embedWindow(samples, await loaded) });
      } catch (error) {
        send({ type: 'failed', id, message: messageOf(error) });
      }
    });
  });
  process.on('disconnect', () => process.exit());
  // A terminal sends Ctrl-C to every process of its group: it is the worker that decides when its children end.
  process.on('SIGINT', () => {});
}

serveParent();
