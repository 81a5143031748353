/** Measures the latency of /healthz in a separate thread, so that other work of the benchmark does not add to it. Takes
 *  `{ socketPath, everyMs }`; answers each message with the milliseconds measured since the last one. */
import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { socketPath, everyMs } = workerData as { socketPath: string; everyMs: number };
let measuredMs: number[] = [];

function ask(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/healthz' }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - startedAt));
    })
      .on('error', reject)
      .end();
  });
}

parentPort?.on('message', () => {
  parentPort?.postMessage(measuredMs);
  measuredMs = [];
});
for (;;) {
  measuredMs.push(await ask());
  await new Promise((resolve) => setTimeout(resolve, everyMs));
}
