/** How a process is bound to the one that started it, so that none is left when that is killed, whatever either is doing.
 *
 *  Two ways. A process without anything to tidy is killed by the kernel when its parent dies (`boundToParent`): also while
 *  it loads a library, hangs in native code or is stopped (SIGSTOP), where it would notice nothing by itself. A process that
 *  ends in order notices the closed channel, and a guard kills its group if it has not ended in time (`guardGroup`).
 */
import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Of util-linux, which Debian and Ubuntu always have. Elsewhere the closed channel has to do. */
const setpriv = '/usr/bin/setpriv';
const hasSetpriv = process.platform === 'linux' && existsSync(setpriv);

/** A command that the kernel kills when the thread that starts it ends. `setpriv` sets that and becomes the command.
 *  @see https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html */
export function boundToParent(command: string, args: readonly string[]): { command: string; args: string[] } {
  if (!hasSetpriv) return { command, args: [...args] };
  return { command: setpriv, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

/** `fork` of a program that is killed when this process dies. */
export function forkBound(entry: string | URL, options: ForkOptions): ChildProcess {
  const { command, args } = boundToParent(process.execPath, options.execArgv ?? []);
  return fork(entry, [], { ...options, execPath: command, execArgv: args });
}

export interface GroupGuard {
  /** The group has ended, or is ended by this process: the guard is no longer needed. */
  release(): void;
}

/** Arguments: the group, how often to look, a folder or nothing. `read` returns when this process writes or is gone. */
const guardScript = `
read -r word
[ "$word" = released ] && exit
looks=0
while [ "$looks" -lt "$2" ] && kill -s 0 -- "-$1"; do sleep 0.1; looks=$((looks + 1)); done
kill -s KILL -- "-$1"
[ -z "$3" ] || rm -rf -- "$3"
`;
const looksPerSec = 10;

/** Starts a shell that waits for the end of this process, and then kills a process group.
 *  @param pid the group's leader
 *  @param graceSec for an orderly end, after this process has ended
 *  @param folder removed after that */
export function guardGroup(pid: number, graceSec: number, folder = ''): GroupGuard {
  const args = ['-c', guardScript, 'leitmotif-guard', String(pid), String(graceSec * looksPerSec), folder];
  // In a session of its own: Ctrl-C, and the kill of another group, pass it by.
  const guard = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Where it cannot be started, the closed channel has to do.
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  (guard.stdin as { unref?: () => void } | null)?.unref?.();
  return { release: () => void guard.stdin?.end('released\n') };
}
