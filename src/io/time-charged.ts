/** How long a process has had to do something: a limit on work rather than on wall time, so that a busy machine or a slow disk
 *  does not end a process that gets on, and one that hangs is still ended.
 *
 *  Charged is the processor time that the process used, and wall time while it neither ran, nor waited for a processor, nor
 *  for the disk. Linux; elsewhere there is no /proc, and wall time is charged.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** How often it is looked. */
const lookEachMs = 1_000;
/** This process itself was kept from looking (busy, or the machine slept): the time between two looks counts for so much. */
const lookChargedMax = 2;
/** Clock ticks of /proc: 100 a second on every Linux that Node runs on. @see proc_pid_stat(5) */
const msPerTick = 10;

export interface Usage {
  /** Of all threads, in ms. */
  readonly processorMs: number;
  /** Some thread runs, wants to run, or waits for the disk. */
  readonly isBusy: boolean;
}

/** One process, or with `group` all processes of the group that it leads. Null when it cannot be known. */
export function usageOf(pid: number, group = false): Usage | null {
  const stats = (group ? numbered('/proc') : [String(pid)]).flatMap((each) => statOf(`/proc/${each}`) ?? []);
  const mine = group ? stats.filter((stat) => stat.group === pid) : stats;
  if (mine.length === 0) return null;
  return {
    processorMs: mine.reduce((sum, { processorMs }) => sum + processorMs, 0),
    isBusy: mine.some(({ place }) => numbered(`${place}/task`).some((task) => isBusy(`${place}/task/${task}`))),
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
 *  @param look the usage now, null when it cannot be known
 *  @param onLook called at each look */
export function chargedTimer(
  look: () => Usage | null,
  limitMs: number,
  onSpent: () => void,
  onLook: (spent: ChargedTimer['spent']) => void = () => {},
): ChargedTimer {
  const eachMs = Math.min(lookEachMs, limitMs);
  const startedMs = performance.now();
  let seenMs = startedMs;
  let before = look();
  let chargedMs = 0;
  const spent = () => ({ wallMs: performance.now() - startedMs, chargedMs });
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const passedMs = Math.min(nowMs - seenMs, lookChargedMax * eachMs);
    seenMs = nowMs;
    const now = look();
    chargedMs += chargeOf(before, now, passedMs);
    before = now;
    onLook(spent());
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

/** At most the time that passed, so that many threads do not make a limit shorter than it reads. */
function chargeOf(before: Usage | null, now: Usage | null, passedMs: number): number {
  if (before === null || now === null) return passedMs;
  const usedMs = Math.max(0, now.processorMs - before.processorMs);
  return usedMs > 0 || now.isBusy ? Math.min(usedMs, passedMs) : passedMs;
}
