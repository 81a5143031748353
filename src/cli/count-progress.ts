/** Progress of things that are counted, on stderr: a bar where somebody watches, a line now and then elsewhere. */
import { progressBar } from './progress-bar.ts';

export function countProgress(what: string) {
  const bar = progressBar(` {bar} {value}/{total} ${what}`);
  let started = false;
  return {
    update(done: number, total: number) {
      if (!started) bar.start(total, done);
      else bar.update(done);
      started = true;
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
