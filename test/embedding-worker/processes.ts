/** The processes of this machine, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly command: string;
}

export function processes(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        // A zombie has ended; its parent has only not read its exit status.
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), group: Number(group), command }];
      } catch {
        return [];
      }
    });
}

/** All descendants of `pid`. */
export function descendantsOf(pid: number): ProcessEntry[] {
  const all = processes();
  const found: ProcessEntry[] = [];
  let parents = [pid];
  while (parents.length > 0) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** The descendants of `pid` that run `program`. A process that one of them has just forked is left out: until it runs its own
 *  program, /proc shows the command of its parent. */
export function descendantsRunning(pid: number, program: string): ProcessEntry[] {
  const found = descendantsOf(pid).filter(({ command }) => command.includes(program));
  return found.filter(({ parent }) => !found.some((other) => other.pid === parent));
}

export function lives(pid: number): boolean {
  return processes().some((entry) => entry.pid === pid);
}

/** Repeats until the condition holds; the test's timeout is the deadline. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
