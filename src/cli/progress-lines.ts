/** Progress where no terminal is: a line when the count has changed, at most one in some seconds, and the last state at the
 *  end. Without a change nothing is written, so that a log does not fill while something is waited for. */
/** What the displays use of cli-progress. */
export interface ProgressBar {
  start(total: number, value: number, payload?: object): void;
  update(value: number, payload?: object): void;
  setTotal(total: number): void;
  stop(): void;
}

const lineEachMs = 5_000;

export function linesOfProgress(
  format: string,
  write: (line: string) => void,
  eachMs: number = lineEachMs,
): ProgressBar {
  let [value, total, payload]: [number, number, object] = [0, 0, {}];
  let written = '';
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  // The count alone: a rate and a time that is left change at every tick.
  const state = () => `${value}/${total}`;
  const line = (): void => {
    if (state() === written) return;
    const values: Record<string, unknown> = { ...payload, value, total, bar: '' };
    const text = format.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
    written = state();
    writtenAtMs = performance.now();
    write(`${text.replaceAll(/ {2,}/g, ' ').trim()}\n`);
  };
  const update = (now: number, more?: object): void => {
    value = now;
    payload = { ...payload, ...more };
    if (performance.now() - writtenAtMs >= eachMs) line();
  };
  return {
    start(all, now, more) {
      total = all;
      written = '';
      update(now, more);
    },
    update,
    setTotal(all) {
      total = all;
    },
    stop: line,
  };
}
