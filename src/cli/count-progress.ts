/** Progress of counted items on stderr: a bar on a terminal, otherwise a line from time to time. */
import { progressBar } from './progress-bar.ts';

export function countProgress(noun: string) {
  const bar = progressBar(` {bar} {value}/{total} ${noun}`);
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
