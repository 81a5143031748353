/** Lets processes of ours go behind the one that answers people.
 *
 *  A process that leads a session (every detached child) is scheduled by Linux in a group of its own, unless a service
 *  manager groups it otherwise. Such groups share the cores evenly whatever the processes in them are nice to, so the
 *  group must be made nice as well: without it, ten children at 5 leave the bot an eleventh.
 *  @see https://man7.org/linux/man-pages/man7/sched.7.html "The autogroup feature"
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** The nicest there is. */
export const nicenessMax = 19;
/** Linux lets ordinary users change a group ten times a second, all users together. */
const againAfterMs = 150;
const triesMax = 10;

/** @param pid of a process that leads its session; what it starts later inherits the niceness
 *  @param niceness 0 to 19
 *  @throws {Error} ESRCH when there is no such process */
export function setSessionNiceness(pid: number, niceness: number): void {
  setPriority(pid, niceness);
  setGroupNiceness(pid, niceness, triesMax);
}

/** Where there are no such groups (another system, a container) nothing needs to be done, or can be. */
function setGroupNiceness(pid: number, niceness: number, tries: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EAGAIN' || tries <= 1) return;
    setTimeout(() => setGroupNiceness(pid, niceness, tries - 1), againAfterMs).unref();
  }
}
