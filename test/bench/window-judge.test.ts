import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { judgeOf } from '../../bench/quality/window-judge.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { builtinModels } from '../embedding-worker/running-worker.ts';
import { writeTinyModels } from '../embedding-worker/tiny-models.ts';
import { makeApplause } from '../support/applause.ts';

const sampleRateHz = 16_000;

describe('a judge of windows', () => {
  const downloaded = mkdtempSync(path.join(tmpdir(), 'leitmotif-judge-'));
  writeTinyModels(downloaded, [{ name: 'tiny', kind: 'levels' }]);
  const dirs = [builtinModels, downloaded];
  afterAll(() => rmSync(downloaded, { recursive: true, force: true }));

  test('has the music head of a model that has one', async () => {
    const { judgeWindow, title } = await judgeOf(dirs, 'builtin');
    expect(title).toMatch(/^with the music head of builtin \d/);
    const window = makeApplause(sampleRateHz, 10);
    expect(await judgeWindow(window, { ...classifyWindow(window, sampleRateHz), kind: 'noise' })).not.toBe('music');
  });

  test('goes by the sound with a downloaded model without a head', async () => {
    const { judgeWindow, title } = await judgeOf(dirs, 'tiny');
    expect(title).toBe('tiny has no music head: by the sound alone');
    const window = makeApplause(sampleRateHz, 10);
    const bySound = classifyWindow(window, sampleRateHz);
    expect(await judgeWindow(window, bySound)).toBe(bySound.kind);
  });

  test('names the models that are installed when there is no such model', async () => {
    await expect(judgeOf(dirs, 'other')).rejects.toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('tiny'),
    });
  });
});
