/** Downloads the tests' model and prints the outcome: argv ENDPOINT MODELS_DIR. */
import { LeitmotifError } from '../../../src/errors.ts';
import { getModel } from '../../../src/models/download/get-model.ts';
import { tiny } from '../catalogue.ts';

const [, , endpoint = '', modelsDir = ''] = process.argv;
const hub = { endpoint, token: null, offline: false, cacheDir: `${modelsDir}-cache` };
const signal = new AbortController().signal;
await getModel(tiny, {
  modelsDir,
  hub,
  parts: { text: false, half: false },
  signal,
  packageIndex: endpoint,
  retryAfterMs: 1,
}).then(
  () => process.stdout.write('got'),
  (error: unknown) => process.stdout.write(error instanceof LeitmotifError ? error.message : String(error)),
);
