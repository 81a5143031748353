/** Progress without a terminal: a line when the count has changed, at most one every few seconds, and the final state at the
 *  end. Without a change it prints nothing, so that waiting does not fill a log. */

/** The part of cli-progress that the displays use. */
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
  // Only the count: the rate and the time left change at every tick.
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
