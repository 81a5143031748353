/** A process that starts a worker, prints that while the worker still loads, and waits to be killed: argv MODELS_DIR. */
import { startLocalWorker } from '../../src/embedding/local-worker.ts';
import { slowWorkerOptions } from './slow-worker.ts';

void startLocalWorker(slowWorkerOptions(process.argv[2] ?? ''));
setInterval(() => {}, 1_000);
