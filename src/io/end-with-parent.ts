/** Ends child processes when their parent dies, so that none is left behind.
 *
 *  Two ways. The kernel kills a process that needs no cleanup when its parent dies (`boundToParent`). That also works while
 *  the process loads a library, hangs in native code or is stopped (SIGSTOP), where it could not react. A process that shuts
 *  down gracefully reacts to the closed channel, and a guard kills its group if it does not end in time (`guardGroup`).
 */
import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Part of util-linux, which Debian and Ubuntu always have. Other systems rely on the closed channel. */
const setpriv = '/usr/bin/setpriv';
const hasSetpriv = process.platform === 'linux' && existsSync(setpriv);

/** Wraps a command so that the kernel kills it when the starting thread ends. `setpriv` sets that and execs the command.
 *  @see https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html */
export function boundToParent(command: string, args: readonly string[]): { command: string; args: string[] } {
  if (!hasSetpriv) return { command, args: [...args] };
  return { command: setpriv, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

/** Like `fork`, but the kernel kills the child when this process dies. */
export function forkBound(entry: string | URL, options: ForkOptions): ChildProcess {
  const { command, args } = boundToParent(process.execPath, options.execArgv ?? []);
  return fork(entry, [], { ...options, execPath: command, execArgv: args });
}

export interface GroupGuard {
  /** Call when the group has ended or this process ends it itself. */
  release(): void;
}

/** Arguments: the group, the number of checks, a folder or nothing. `read` returns when this process writes or is gone. */
const guardScript = `
read -r word
[ "$word" = released ] && exit
checks=0
while [ "$checks" -lt "$2" ] && kill -s 0 -- "-$1"; do sleep 0.1; checks=$((checks + 1)); done
kill -s KILL -- "-$1"
[ -z "$3" ] || rm -rf -- "$3"
`;
const checksPerSec = 10;

/** Starts a shell that waits until this process ends and then kills a process group.
 *  @param pid the group's leader
 *  @param graceSec time for a graceful shutdown after this process has ended
 *  @param folder removed afterwards */
export function guardGroup(pid: number, graceSec: number, folder = ''): GroupGuard {
  const args = ['-c', guardScript, 'leitmotif-guard', String(pid), String(graceSec * checksPerSec), folder];
  return startGuard(args);
}

/** Starts a shell that removes a folder when this process ends without doing it. Call `release` after removing it. */
export function guardFolder(folder: string): GroupGuard {
  const script = 'read -r word; [ "$word" = released ] || rm -rf -- "$1"';
  return startGuard(['-c', script, 'leitmotif-guard', folder]);
}

/** In its own session, so that Ctrl-C and kills of other groups do not reach it. */
function startGuard(args: readonly string[]): GroupGuard {
  const guard = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // If it cannot be started, the closed channel must do.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return { release: () => void guard.stdin?.end('released\n') };
}
