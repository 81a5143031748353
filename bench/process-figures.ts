/** Memory and processor time of processes, from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

export interface CpuFigures {
  readonly ownSec: number;
  /** Of all children that it has waited for, such as ffmpeg. */
  readonly ofEndedChildrenSec: number;
}

export interface ProcessFigures {
  readonly pid: number;
  readonly command: string;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
  /** Of the process and of all children that it has waited for. */
  readonly cpuSec: number;
}

/** USER_HZ; 100 on every Linux that Node runs on. */
const ticksPerSec = 100;

/** @returns null when the process has ended */
export function processFigures(pid: number): ProcessFigures | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kiB = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
    const { ownSec, ofEndedChildrenSec } = cpuOf(pid);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return {
      pid,
      command,
      residentBytes: kiB('VmRSS') * 1024,
      peakResidentBytes: kiB('VmHWM') * 1024,
      cpuSec: ownSec + ofEndedChildrenSec,
    };
  } catch {
    return null;
  }
}

/** @throws {Error} when the process has ended */
export function cpuOf(pid: number): CpuFigures {
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = statOf(pid).slice(11, 15).map(Number);
  return { ownSec: (user + system) / ticksPerSec, ofEndedChildrenSec: (childrenUser + childrenSystem) / ticksPerSec };
}

export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(statOf(pid)[1]) === parent;
      } catch {
        return false;
      }
    });
}

/** Proportional set size: pages that n processes share count as 1/n. 0 when the process has ended.
 *  @see proc(5), smaps_rollup */
export function proportionalBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** The fields after the command name, which may contain any character; the state is field 0. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
