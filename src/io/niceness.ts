/** Lowers the priority of child processes, so that the process that answers users runs first.
 *
 *  Linux schedules a session leader (every detached child) in its own autogroup, unless a service manager groups it
 *  otherwise. Autogroups share the cores evenly, whatever the niceness of the processes in them. So the niceness of the
 *  group must be set too: without it, ten children at niceness 5 leave the bot an eleventh of the time.
 *  @see https://man7.org/linux/man-pages/man7/sched.7.html "The autogroup feature"
 */
import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** The lowest priority. */
export const nicenessMax = 19;
/** Linux limits unprivileged users to ten group changes a second, all users together. */
const retryAfterMs = 150;
const triesMax = 10;

/** Makes a child that leads its own session nicer than this process, before it starts children. Needed even if nothing is added,
 *  because its session does not inherit this session's niceness.
 *  @param added to this process's niceness; the sum ends at `nicenessMax` */
export function lowerPriority(pid: number | undefined, added: number): void {
  const niceness = Math.min(getPriority() + added, nicenessMax);
  if (pid === undefined || niceness <= 0) return;
  try {
    setSessionNiceness(pid, niceness);
  } catch {
    // The process has exited already; that is reported elsewhere.
  }
}

/** @param pid a session leader; processes that it starts later inherit the niceness
 *  @param niceness 0 to 19
 *  @throws {Error} ESRCH when there is no such process */
export function setSessionNiceness(pid: number, niceness: number): void {
  setPriority(pid, niceness);
  setGroupNiceness(pid, niceness, triesMax);
}

/** Systems and containers without autogroups need no change, so their errors are ignored. */
function setGroupNiceness(pid: number, niceness: number, tries: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EAGAIN' || tries <= 1) return;
    setTimeout(() => setGroupNiceness(pid, niceness, tries - 1), retryAfterMs).unref();
  }
}
