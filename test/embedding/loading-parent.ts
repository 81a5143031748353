/** A process that starts a worker and says so while the worker still loads: argv MODELS_DIR. Waits to be killed. */
import { startLocalWorker } from '../../src/embedding/local-worker.ts';
import { slowWorkerOptions } from './slow-worker.ts';

void startLocalWorker(slowWorkerOptions(process.argv[2] ?? ''));
setInterval(() => {}, 1_000);
