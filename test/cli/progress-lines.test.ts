import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { progressBar } from '../../src/cli/progress-bar.ts';
import { linesOfProgress } from '../../src/cli/progress-lines.ts';

const format = ' {bar} {value}/{total} tracks | {rate} x real time';

test('writes one line for each change, and none while nothing changes', () => {
  const lines: string[] = [];
  const progress = linesOfProgress(format, (line) => lines.push(line), 0);
  progress.start(3, 0, { rate: 0 });
  for (const value of [1, 1, 1, 2, 3, 3]) progress.update(value, { rate: value * 10 });
  progress.stop();
  expect(lines).toEqual([
    '0/3 tracks | 0 x real time\n',
    '1/3 tracks | 10 x real time\n',
    '2/3 tracks | 20 x real time\n',
    '3/3 tracks | 30 x real time\n',
  ]);
});

test('writes few lines for many changes, and the final state at the end', () => {
  const lines: string[] = [];
  const progress = linesOfProgress(format, (line) => lines.push(line), 60_000);
  progress.start(1_000, 0, { rate: 0 });
  for (let value = 1; value <= 1_000; value += 1) progress.update(value);
  progress.stop();
  expect(lines).toEqual(['0/1000 tracks | 0 x real time\n', '1000/1000 tracks | 0 x real time\n']);
});

test('writes no line without a change when stderr is not a terminal', async () => {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream;
  const bar = progressBar(format, stream);
  bar.start(2, 0, { rate: 1 });
  await delay(6_000);
  bar.stop();
  expect(lines).toEqual(['0/2 tracks | 1 x real time\n']);
}, 20_000);
