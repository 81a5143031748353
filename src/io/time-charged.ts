/** A time limit on work instead of wall time. A busy machine or a slow disk does not end a process that makes progress, and
 *  one that hangs still ends.
 *
 *  The timer charges processor time, and wall time while the process neither runs nor waits for a processor or the disk. On
 *  systems without /proc it charges wall time.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Time between two checks. */
const checkEachMs = 1_000;
/** The most intervals that one check charges, when it comes late because this process was busy or the machine slept. */
const intervalsChargedMax = 2;
/** Clock ticks of /proc: 100 a second on every Linux that Node runs on. @see proc_pid_stat(5) */
const msPerTick = 10;

export interface Usage {
  /** Sum over all threads, in ms. */
  readonly processorMs: number;
  /** At least one thread runs, is ready to run, or waits for the disk. */
  readonly isBusy: boolean;
}

/** The usage of one process, or with `group` of all processes in the group that it leads. Null when it is unknown. */
export function usageOf(pid: number, group = false): Usage | null {
  const stats = (group ? numbered('/proc') : [String(pid)]).flatMap((each) => statOf(`/proc/${each}`) ?? []);
  const mine = group ? stats.filter((stat) => stat.group === pid) : stats;
  if (mine.length === 0) return null;
  return {
    processorMs: mine.reduce((sum, { processorMs }) => sum + processorMs, 0),
    // Read when it is asked for: one file for each thread, and seldom needed.
    get isBusy() {
      return mine.some(({ place }) => numbered(`${place}/task`).some((task) => isBusy(`${place}/task/${task}`)));
    },
  };
}

function isBusy(place: string): boolean {
  const state = statOf(place)?.state;
  return state === 'R' || state === 'D';
}

function statOf(place: string) {
  try {
    const text = readFileSync(`${place}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const processorMs = (Number(fields[11]) + Number(fields[12])) * msPerTick;
    return { place, state: fields[0], group: Number(fields[2]), processorMs };
  } catch {
    return null;
  }
}

function numbered(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

export interface ChargedTimer {
  /** Wall time and charged time since the start, in ms. */
  readonly spent: { readonly wallMs: number; readonly chargedMs: number };
  cancel(): void;
}

/** Calls `onSpent` once, when `limitMs` of charged time are spent; never keeps this process alive.
 *  @param usageNow returns the current usage, null when it is unknown
 *  @param onCheck called at each check */
export function chargedTimer(
  usageNow: () => Usage | null,
  limitMs: number,
  onSpent: () => void,
  onCheck: (spent: ChargedTimer['spent']) => void = () => {},
): ChargedTimer {
  const eachMs = Math.min(checkEachMs, limitMs);
  const startedMs = performance.now();
  let seenMs = startedMs;
  let before = usageNow();
  let chargedMs = 0;
  const spent = () => ({ wallMs: performance.now() - startedMs, chargedMs });
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - seenMs, intervalsChargedMax * eachMs);
    seenMs = nowMs;
    const now = usageNow();
    chargedMs += chargeOf(before, now, passedMs);
    before = now;
    onCheck(spent());
    if (chargedMs < limitMs) return;
    clearInterval(timer);
    onSpent();
  }, eachMs).unref();
  return {
    get spent() {
      return spent();
    },
    cancel: () => clearInterval(timer),
  };
}

/** Charges at most the time that passed, so that many threads do not shorten the limit. */
function chargeOf(before: Usage | null, now: Usage | null, passedMs: number): number {
  if (before === null || now === null) return passedMs;
  const usedMs = Math.max(0, now.processorMs - before.processorMs);
  return usedMs > 0 || now.isBusy ? Math.min(usedMs, passedMs) : passedMs;
}
