/** The life of a text process: late start, idle end, hang, kill. A stopped process (SIGSTOP) stands for
 *  one that computes for as long as a test needs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TextProcess, type TextProcessOptions } from '../../embedding-worker/text/text-process.ts';
import { type Model, manifestPathOf } from '../../src/models/manifest.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import { cosineDistance, wholeTexts, writeTextModel } from '../support/text-models.ts';
import { eventually, lives } from './processes.ts';

const never = new AbortController().signal;
const [first, second] = wholeTexts as [(typeof wholeTexts)[0], (typeof wholeTexts)[0]];

let folder: string;
let model: Model;
let started: number;
let ended: number;
let deaths: string[];
let texts: TextProcess;
/** A text process whose limits can be changed while it runs. */
let options: { -readonly [K in keyof TextProcessOptions]: TextProcessOptions[K] };

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'text-process-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  model = writeTextModel(folder);
  started = 0;
  ended = 0;
  deaths = [];
  options = {
    manifestPath: manifestPathOf(model),
    stepTimeoutMs: 60_000,
    idleMs: 60_000,
    onStart: () => void started++,
    onEnd: () => void ended++,
    onDeath: (how) => void deaths.push(how),
  };
  texts = new TextProcess(options);
});
afterEach(async () => {
  const { pid } = texts;
  await texts.close();
  expect(pid !== undefined && lives(pid)).toBe(false);
});

const pidOf = (process: TextProcess): number => {
  if (process.pid === undefined) throw new TypeError('expected a process that lives');
  return process.pid;
};
const expectVectorOf = async (asked: ReturnType<TextProcess['embed']>, { vector }: { vector: string }) =>
  expect(cosineDistance((await asked).vector, floatsOf(vector))).toBeLessThan(1e-5);
/** Answers once, then is stopped. */
const stopAfterOne = async (): Promise<number> => {
  await texts.embed(first.text, never);
  const pid = pidOf(texts);
  process.kill(pid, 'SIGSTOP');
  return pid;
};

describe('the text process', () => {
  test('is started by the first text, and reused for the next ones', async () => {
    expect(texts.pid).toBeUndefined();
    await Promise.all([
      expectVectorOf(texts.embed(first.text, never), first),
      expectVectorOf(texts.embed(second.text, never), second),
    ]);
    await expectVectorOf(texts.embed(first.text, never), first);
    expect(started).toBe(1);
  });

  test('refuses a text and continues', async () => {
    await expect(texts.embed('', never)).rejects.toMatchObject({ code: 'text-refused' });
    await expectVectorOf(texts.embed(first.text, never), first);
    expect(started).toBe(1);
  });

  test('ends after its idle time, and is started again by the next text', async () => {
    options.idleMs = 1;
    await texts.embed(first.text, never);
    await eventually(() => texts.pid === undefined);
    expect([ended, deaths]).toEqual([1, []]);
    await expectVectorOf(texts.embed(second.text, never), second);
    expect(started).toBe(2);
  });

  test('that is killed during a text is replaced, and the text is answered', async () => {
    const pid = await stopAfterOne();
    const asked = texts.embed(second.text, never);
    await turn();
    process.kill(pid, 'SIGKILL');
    await expectVectorOf(asked, second);
    expect([started, deaths]).toEqual([2, ['SIGKILL']]);
  });

  test('that hangs during a text is killed and replaced', async () => {
    await stopAfterOne();
    options.stepTimeoutMs = 1;
    options.onDeath = (how) => {
      deaths.push(how);
      options.stepTimeoutMs = 60_000;
    };
    await expectVectorOf(texts.embed(second.text, never), second);
    expect([started, deaths]).toEqual([2, ['SIGKILL']]);
  });

  test('that dies each time is not restarted for ever', async () => {
    options.onStart = () => {
      started++;
      setImmediate(() => process.kill(pidOf(texts), 'SIGKILL'));
    };
    await expect(texts.embed(first.text, never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringContaining('2 processes died over it'),
    });
    expect(started).toBe(2);
  });

  test('that is given up during a text does not affect the next', async () => {
    const pid = await stopAfterOne();
    const caller = new AbortController();
    const givenUp = texts.embed(first.text, caller.signal);
    await turn();
    caller.abort(new Error('given up'));
    await expect(givenUp).rejects.toThrow('given up');
    // The second process dies too, while it loads: a text may cost two.
    options.onStart = () => {
      started++;
      options.onStart = () => void started++;
      setImmediate(() => process.kill(pidOf(texts), 'SIGKILL'));
    };
    const asked = texts.embed(second.text, never);
    await turn();
    process.kill(pid, 'SIGKILL');
    await expectVectorOf(asked, second);
    expect([started, deaths]).toEqual([3, ['SIGKILL', 'SIGKILL']]);
  });

  test('gives the caller after an abandoned text its own answer', async () => {
    const pid = await stopAfterOne();
    const caller = new AbortController();
    const givenUp = texts.embed(first.text, caller.signal);
    await turn();
    const asked = texts.embed(second.text, never);
    caller.abort(new Error('given up'));
    await expect(givenUp).rejects.toThrow('given up');
    process.kill(pid, 'SIGCONT');
    await expectVectorOf(asked, second);
    expect(started).toBe(1);
  });

  test('that cannot load reports why to all waiting callers, and the next text tries again', async () => {
    const file = path.join(model.folder, model.manifest.text?.tokenizer.file ?? '');
    writeFileSync(file, '{}');
    const all = await Promise.allSettled([texts.embed(first.text, never), texts.embed(second.text, never)]);
    for (const each of all) {
      expect(each).toMatchObject({ reason: { code: 'config-invalid', message: expect.stringContaining('sha256') } });
    }
    expect([started, deaths]).toEqual([1, []]);
    writeTextModel(folder);
    await expectVectorOf(texts.embed(first.text, never), first);
    expect(started).toBe(2);
  });

  test('that is closed rejects all waiting callers, and is not started again', async () => {
    await stopAfterOne();
    const asked = texts.embed(second.text, never);
    await turn();
    const [outcome] = await Promise.allSettled([asked, texts.close()]);
    expect(outcome).toMatchObject({ reason: { code: 'worker-unavailable' } });
    await expect(texts.embed(first.text, never)).rejects.toMatchObject({ code: 'worker-unavailable' });
    expect(started).toBe(1);
  });
});
