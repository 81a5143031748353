import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProgressMessage } from '../../src/discord/progress.ts';
import type { Reply } from '../../src/discord/reply.ts';

interface Edit {
  readonly content: string | undefined;
  readonly atMs: number;
}

/** A progress message whose edits each take `editMs`. */
function progressWith({ editMs = 0, fail = false } = {}) {
  const edits: Edit[] = [];
  const errors: unknown[] = [];
  let open = 0;
  let openMax = 0;
  const startedAt = performance.now();
  const send = async ({ content }: Reply) => {
    openMax = Math.max(openMax, ++open);
    edits.push({ content, atMs: performance.now() - startedAt });
    await new Promise((resolve) => setTimeout(resolve, editMs));
    open--;
    if (fail) throw new Error('Discord is down');
  };
  const message = new ProgressMessage({ send, onError: (error) => errors.push(error) });
  return {
    message,
    edits,
    errors,
    show: (content: string) => message.show(() => ({ content })),
    openMax: () => openMax,
    contents: () => edits.map(({ content }) => content),
  };
}

describe('progress', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('is shown at once the first time', () => {
    const { show, contents } = progressWith();
    show('fetching');
    expect(contents()).toEqual(['fetching']);
  });

  test('is shown at most each 2.5 seconds, and the latest state wins', async () => {
    const { show, edits } = progressWith();
    for (let at = 0; at < 100; at++) {
      show(`chunk ${at}`);
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(edits).toEqual([
      { content: 'chunk 0', atMs: 0 },
      { content: 'chunk 24', atMs: 2_500 },
      { content: 'chunk 49', atMs: 5_000 },
      { content: 'chunk 74', atMs: 7_500 },
      { content: 'chunk 99', atMs: 10_000 },
    ]);
  });

  test('is built only when it is sent', async () => {
    const built: string[] = [];
    const message = new ProgressMessage({ send: async () => {} });
    for (const content of ['first', 'passed over', 'last']) {
      message.show(() => {
        built.push(content);
        return { content };
      });
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(built).toEqual(['first', 'last']);
  });

  test('waits for a slow edit instead of sending a second one in parallel', async () => {
    const { show, edits, openMax } = progressWith({ editMs: 7_000 });
    for (let at = 0; at < 30; at++) {
      show(`second ${at}`);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(openMax()).toBe(1);
    expect(edits.map(({ atMs }) => atMs)).toEqual([0, 7_000, 14_000, 21_000, 28_000]);
  });

  test('ends for good: drops the waiting edit and waits for the running one', async () => {
    const { message, show, contents } = progressWith({ editMs: 500 });
    show('fetching');
    show('listening');
    let ended = false;
    const ending = message.end().then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(400);
    expect(ended, 'the edit is still under way').toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(ended).toBe(true);
    show('too late');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(contents()).toEqual(['fetching']);
    await Promise.all([ending, message.end()]);
  });

  test('ends at once when nothing was shown, or when an edit waits for its interval', async () => {
    const silent = progressWith();
    await silent.message.end();
    const waiting = progressWith();
    waiting.show('fetching');
    await vi.advanceTimersByTimeAsync(100);
    waiting.show('listening');
    await waiting.message.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(silent.contents()).toEqual([]);
    expect(waiting.contents()).toEqual(['fetching']);
  });

  test('continues when an edit fails, and calls onError', async () => {
    const { message, show, contents, errors } = progressWith({ fail: true });
    show('fetching');
    await vi.advanceTimersByTimeAsync(2_600);
    show('listening');
    await vi.advanceTimersByTimeAsync(1);
    await message.end();
    expect(contents()).toEqual(['fetching', 'listening']);
    expect(errors).toHaveLength(2);
  });

  test('continues when a message cannot be built', async () => {
    const { message, show, contents, errors } = progressWith();
    message.show(() => {
      throw new RangeError('too long');
    });
    await vi.advanceTimersByTimeAsync(1);
    show('next');
    await vi.advanceTimersByTimeAsync(2_500);
    expect(contents()).toEqual(['next']);
    expect(errors).toEqual([new RangeError('too long')]);
  });
});
