/** This test's own children: the worker and the index processes, and what they have started. */
import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

function everyProcess(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid: Number(name), parent, commandLine }];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
}

/** Below a process, with all that they have started. */
export function descendantsOf(ancestor: number, all: readonly Process[] = everyProcess()): Process[] {
  const children = all.filter(({ parent }) => parent === ancestor);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, all)]);
}

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
  const workers = descendantsOf(of).filter(({ commandLine }) => commandLine.includes(workerEntry));
  const pids = new Set(workers.flatMap(({ pid }) => [pid, ...descendantsOf(pid).map((each) => each.pid)]));
  for (const pid of pids) send(pid, signal);
  return pids.size;
}

export function signalIndex(signal: NodeJS.Signals, of: number = process.pid): number {
  const found = descendantsOf(of).filter(({ commandLine }) => commandLine.includes('faiss-child'));
  for (const { pid } of found) send(pid, signal);
  return found.length;
}
