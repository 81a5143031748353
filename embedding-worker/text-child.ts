/** Entry of the text process of a model: receives texts and returns vectors, one by one in order of arrival. Ends with its
 *  parent in any case, because Node closes the channel. */
import '../src/io/while-starting.ts';
import { flushCompileCache } from 'node:module';
import { toLeitmotifError } from '../src/errors.ts';
import { readModel } from '../src/models/manifest.ts';
import type { FromTextProcess, ToTextProcess } from './text/protocol.ts';
import { loadTextModel, type TextModel } from './text/text-model.ts';

function send(message: FromTextProcess): void {
  // The callback receives the error of a closed channel; 'disconnect' then ends this process.
  process.send?.(message, undefined, undefined, () => {});
}

async function load(manifestPath: string): Promise<TextModel> {
  const model = await loadTextModel(await readModel(manifestPath));
  send({ type: 'ready' });
  // This process is killed, too: see inference-child.ts.
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
  // Ignored: a terminal sends Ctrl-C to all processes of its group, but the worker ends its children.
  process.on('SIGINT', () => {});
  let model: Promise<TextModel> | null = null;
  // One by one: ONNX Runtime would share its one thread among them.
  let last: Promise<void> = Promise.resolve();
  process.on('message', (message: ToTextProcess) => {
    if (message.type === 'load') {
      model = load(message.manifestPath);
      model.catch((error: unknown) => send({ type: 'load-failed', message: toLeitmotifError(error).message }));
      return;
    }
    // The parent sends texts only after `ready`, which follows `load`.
    const loaded = model;
    if (loaded) last = last.then(async () => embed(await loaded, message)).catch(() => {});
  });
}

serveParent();
