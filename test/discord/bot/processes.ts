/** This test's own children: the worker and the index processes, and what they have started. */
import { descendantsOf, descendantsRunning } from '../../embedding-worker/processes.ts';

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended meanwhile.
  }
}

const workerEntry = 'embedding-worker/main.ts';

/** The worker and its inference processes and decoders.
 *  @returns how many got it */
export function signalWorker(signal: NodeJS.Signals, of: number = process.pid): number {
  const workers = descendantsRunning(of, workerEntry);
  const pids = new Set(workers.flatMap(({ pid }) => [pid, ...descendantsOf(pid).map((each) => each.pid)]));
  for (const pid of pids) send(pid, signal);
  return pids.size;
}

export function signalIndex(signal: NodeJS.Signals, of: number = process.pid): number {
  const found = descendantsRunning(of, 'faiss-child');
  for (const { pid } of found) send(pid, signal);
  return found.length;
}
