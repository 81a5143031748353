/** The entry of the process that holds a model's text side: texts in, vectors out, one after the other in order of arrival.
 *  It dies with its parent: Node closes the channel when the parent is gone, however it went. */
import '../src/io/while-starting.ts';
import { flushCompileCache } from 'node:module';
import { toLeitmotifError } from '../src/errors.ts';
import { readModel } from '../src/models/manifest.ts';
import type { FromTextProcess, ToTextProcess } from './text/protocol.ts';
import { loadTextModel, type TextModel } from './text/text-model.ts';

function send(message: FromTextProcess): void {
  // The callback takes the error of a channel that closed meanwhile; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

async function load(manifestPath: string): Promise<TextModel> {
  const model = await loadTextModel(await readModel(manifestPath));
  send({ type: 'ready' });
  // Killed in the end, like an inference process: see there.
  flushCompileCache();
  return model;
}

async function embed(model: TextModel, { id, text }: Extract<ToTextProcess, { type: 'embed' }>): Promise<void> {
  const startedAt = performance.now();
  try {
    const vector = await model.embed(text);
    send({ type: 'embedded', id, text: { vector, computeMs: performance.now() - startedAt } });
  } catch (error) {
    const { code, message } = toLeitmotifError(error);
    send({ type: 'failed', id, code: code === 'text-refused' ? code : 'inference-failed', message });
  }
}

function serveParent(): void {
  // A terminal sends Ctrl-C to every process of its group: it is the worker that decides when its children end.
  process.on('SIGINT', () => {});
  let model: Promise<TextModel> | null = null;
  // One after the other: ONNX Runtime would share its one thread among them.
  let last: Promise<void> = Promise.resolve();
  process.on('message', (message: ToTextProcess) => {
    if (message.type === 'load') {
      model = load(message.manifestPath);
      model.catch((error: unknown) => send({ type: 'load-failed', message: toLeitmotifError(error).message }));
      return;
    }
    // The parent sends texts after `ready`, and so after `load`.
    const loaded = model;
    if (loaded) last = last.then(async () => embed(await loaded, message)).catch(() => {});
  });
}

serveParent();
