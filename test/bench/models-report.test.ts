import { describe, expect, test } from 'vitest';
import type { ModelFigures, PythonComparison } from '../../bench/models/measure.ts';
import { renderModels } from '../../bench/models/report.ts';

const context = { cores: 2, rounds: 3, loadBefore: 0.1, loadAfter: 2, python: '/usr/bin/python3', decodingSec: 0.02 };

function figures(change: Partial<ModelFigures>): ModelFigures {
  const memory = (mebibytes: number) => ({
    pid: 1,
    command: 'node',
    residentBytes: mebibytes * 2 ** 20,
    peakResidentBytes: mebibytes * 2 ** 20,
    cpuSec: 1,
  });
  return {
    name: 'builtin',
    trained: true,
    windowsPerSec: 100,
    cpuSecPerWindow: 0.02,
    firstRatio: 1,
    healthP50Ms: 1,
    healthP99Ms: 10,
    healthCount: 1000,
    worker: memory(90),
    child: memory(120),
    session: memory(100),
    python: null,
    ...change,
  };
}

const python: PythonComparison = {
  windowsPerSec: 2,
  cpuSecPerWindow: 1,
  ratio: 1.5,
  cpuRatio: 1.4,
  peakBytes: 2 ** 30,
  threads: 2,
  cosineMedian: 1,
  cosineLeast: 0.999,
};
const clap = (change: Partial<ModelFigures> = {}): ModelFigures =>
  figures({ name: 'clap-shape', trained: false, windowsPerSec: 3, firstRatio: 33, python, ...change });

describe('the report on models', () => {
  test('reports every target as met', () => {
    const report = renderModels([figures({}), clap()], context);
    expect(report.match(/^- met: /gm)).toHaveLength(4);
    expect(report).not.toContain('NOT met');
  });

  test.each([
    ['slower than Python', clap({ python: { ...python, ratio: 1.29 } }), /NOT met: .* at least 1\.3 x Python: 1\.29 x/],
    ['too near to the built-in model', clap({ firstRatio: 19 }), /NOT met: .* at least 20 x .*: 19\.0 x/],
    ['slow to answer', clap({ healthP99Ms: 50 }), /NOT met: \/healthz p99 .*: 50\.0 ms at most \(clap-shape\)/],
  ])('reports a target that is not met: %s', (_name, model, line) => {
    expect(renderModels([figures({}), model], context)).toMatch(line);
  });

  test('names the process that uses too much memory', () => {
    const model = clap();
    const large = { ...model, child: { ...model.child, peakResidentBytes: 131 * 2 ** 20 } };
    expect(renderModels([figures({}), large], context)).toMatch(/NOT met: .*1\.31 x at most \(clap-shape\)/);
  });

  test('reports the upper limit of speed on these clips for a model without cost', () => {
    const report = renderModels([figures({}), clap({ cpuSecPerWindow: 0.5 })], context);
    expect(report).toContain('0.020 processor s/window at 16 kHz are ffmpeg');
    expect(report).toContain('a model that took no time at all: 25.0 x');
  });

  test('warns when the machine was busy', () => {
    expect(renderModels([figures({})], { ...context, loadBefore: 3 })).toContain('Other work was running');
    expect(renderModels([figures({})], context)).not.toContain('Other work was running');
  });

  test('explains what the comparison with Python needs when it is missing', () => {
    expect(renderModels([figures({})], { ...context, python: null })).toContain('training/reference/README.md');
  });
});
