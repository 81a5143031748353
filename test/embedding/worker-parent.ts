/** A process that starts a worker, sends it a request, prints the worker's pid, and waits to be killed. */
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { startLocalWorker } from '../../src/embedding/local-worker.ts';
import { slowWorkerOptions } from './slow-worker.ts';

const [modelsDir = '', recording = ''] = process.argv.slice(2);
const worker = await startLocalWorker(slowWorkerOptions(modelsDir));
const client = new EmbeddingClient({
  target: { socketPath: worker.socketPath },
  token: worker.token,
  model: null,
  deadlineMs: 60_000,
});
await client.embed(recording, {
  signal: new AbortController().signal,
  onProgress: () => process.send?.({ pid: worker.pid, socketPath: worker.socketPath }),
});
