/** Progress of things that are counted, on stderr: a bar where somebody watches, a line now and then elsewhere. */
import cliProgress from 'cli-progress';

export function countProgress(what: string) {
  const bar = new cliProgress.SingleBar({
    format: ` {bar} {value}/{total} ${what}`,
    stream: process.stderr,
    barsize: 30,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
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
