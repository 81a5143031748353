/** The entry of the embedding worker: standalone (`npm run worker`, configured by the environment) or as a child process
 *  (`--supervised`, configured over IPC, ends with its parent). */
import '../src/io/while-starting.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { forgetSecrets } from '../src/config/secrets.ts';
import { type WorkerMessage, type WorkerOptions, workerOptions } from '../src/embedding/worker-options.ts';
import { LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import { makeLog } from '../src/io/log.ts';
import { versionOf } from '../src/io/version.ts';
import { endInOrder } from '../src/io/while-starting.ts';
import { startWorker, type Worker } from './worker.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Limit of the shutdown: ending jobs, ffmpeg and inference processes takes well under a second. */
const stopWithinMs = 3_000;

function optionsFromParent(): Promise<WorkerOptions> {
  return new Promise((resolve, reject) => {
    process.once('message', (message) => {
      const parsed = workerOptions.safeParse(message);
      if (parsed.success) resolve(parsed.data);
      else reject(new LeitmotifError('config-invalid', parsed.error.message, { cause: parsed.error }));
    });
  });
}

async function optionsFromEnvironment(): Promise<WorkerOptions & { readonly drainMs: number }> {
  // Only here, because a supervised worker does not need it.
  const { loadDotEnv, readConfig } = await import('../src/config/config.ts');
  loadDotEnv(root);
  const config = readConfig(process.env, root);
  // ffmpeg and the inference processes inherit the environment and must not get the tokens.
  forgetSecrets(process.env);
  const parsed = workerOptions.safeParse({
    listen: { host: config.worker.host, port: config.worker.port },
    token: config.workerToken,
    modelsDirs: [path.join(root, 'embedding-worker', 'models'), config.modelsDir],
    device: config.device,
    engine: config.engine,
    models: [config.model],
    windowSec: config.windowSec,
    inferenceProcesses: config.worker.inferenceProcesses,
    concurrencyMax: config.worker.concurrencyMax,
    queueMax: config.worker.queueMax,
    requestDeadlineMs: config.audioLimits.deadlineMs,
    audioLimits: config.audioLimits,
    spoolDir: tmpdir(),
    logLevel: config.logLevel,
  });
  if (parsed.success) {
    const spoolDir = await mkdtemp(path.join(tmpdir(), 'leitmotif-worker-'));
    return { ...parsed.data, spoolDir, drainMs: config.worker.drainMs };
  }
  throw new LeitmotifError(
    'config-invalid',
    'Cannot start the worker: expected EMBEDDING_WORKER_TOKEN to hold at least 16 characters. ' +
      'Make one with: node -p "crypto.randomUUID()"',
    { cause: parsed.error },
  );
}

function sendToParent(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

/** The parent removes the socket's folder; if it was killed, the worker does. */
async function removeOrphanedFolder({ listen }: WorkerOptions): Promise<void> {
  const orphaned = process.argv.includes('--supervised') && !process.connected;
  if (orphaned && 'socketPath' in listen) await rm(path.dirname(listen.socketPath), { recursive: true, force: true });
}

/** SIGTERM, as service managers and container engines send it, lets a standalone worker finish what runs. A second one, Ctrl-C and
 *  the end of the parent stop it at once; a supervised worker has no other clients than its parent, which is done. */
function stopOnRequest(worker: Worker, options: WorkerOptions, drainMs: number): void {
  let stopping = false;
  let draining = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    worker
      .close()
      .then(() => removeOrphanedFolder(options))
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  const drain = (): void => {
    if (draining || drainMs === 0) stop();
    else worker.drain(drainMs).then(stop, stop);
    draining = true;
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', stop);
  endInOrder(stop);
}

/** Settings of glibc's allocator for child processes. By default it raises its threshold for returning memory after the first
 *  large block: up to 100 MB of CLAP's weights, read and then copied, sometimes stayed allocated for the life of the process.
 *  With these settings, blocks larger than a window of 16 kHz return to the system at once, and smaller ones are reused. Other
 *  systems ignore these variables.
 *  @see https://man7.org/linux/man-pages/man3/mallopt.3.html */
const allocatorVariables = { MALLOC_MMAP_THRESHOLD_: 2 ** 20, MALLOC_TRIM_THRESHOLD_: 2 ** 23 } as const;

function tuneAllocatorOfChildren(): void {
  for (const [name, bytes] of Object.entries(allocatorVariables)) process.env[name] ??= String(bytes);
}

/** Handles `--help` and `--version`; a supervised worker is configured by its parent. */
async function readArguments(): Promise<void> {
  const { Command } = await import('commander');
  new Command('leitmotif worker')
    .description(
      'The embedding worker, for bots on other machines. Needs EMBEDDING_WORKER_TOKEN; listens on WORKER_HOST and ' +
        'WORKER_PORT. .env.example explains these and the other settings, environment variables or lines in .env.',
    )
    .version(versionOf(root))
    .parse();
}

async function main(): Promise<void> {
  tuneAllocatorOfChildren();
  const supervised = process.argv.includes('--supervised');
  if (!supervised) await readArguments();
  try {
    const { drainMs, ...options } = supervised
      ? { ...(await optionsFromParent()), drainMs: 0 }
      : await optionsFromEnvironment();
    const log = makeLog(options.logLevel);
    const worker = await startWorker(options, log, () => void sendToParent({ type: 'listening' }));
    stopOnRequest(worker, options, drainMs);
    await sendToParent({ type: 'ready' });
    if (!supervised) process.stderr.write(`The embedding worker listens on ${worker.address}\n`);
  } catch (error) {
    const { code, message } = toLeitmotifError(error);
    // A parent prints it itself.
    if (supervised) await sendToParent({ type: 'failed', code, message });
    else process.stderr.write(`${message}\n`);
    process.exit(1);
  }
}

await main();
