/** A worker in a separate process, to be killed: argv PORT SPOOL WINDOW_SEC. Prints its address when it is ready. */
import path from 'node:path';
import { pino } from 'pino';
import { startWorker } from '../../embedding-worker/worker.ts';

const [port = '0', spoolDir = '', windowSec = '10'] = process.argv.slice(2);
const worker = await startWorker(
  {
    listen: { host: '127.0.0.1', port: Number(port) },
    token: 'the token of the tests',
    modelsDirs: [path.resolve(import.meta.dirname, '../../embedding-worker/models')],
    device: 'cpu',
    models: ['builtin'],
    windowSec: Number(windowSec),
    inferenceProcesses: 1,
    concurrencyMax: 2,
    queueMax: 1,
    requestDeadlineMs: 60_000,
    audioLimits: { deadlineMs: 60_000, durationMaxSec: 7_200, bytesMax: 64_000_000, memoryMaxBytes: 2 ** 31 },
    spoolDir,
    logLevel: 'silent',
  },
  pino({ level: 'silent' }),
);
process.stdout.write(`${worker.address}\n`);
