/** The report of `npm run bench:models`. Pure. */

import { table } from '../table.ts';
import type { ModelFigures, PythonComparison } from './measure.ts';

/** The targets, on two cores. */
const targets = { pythonRatio: 1.3, firstRatio: 20, healthP99Ms: 50, childRatio: 1.3 } as const;

export interface ReportContext {
  readonly cores: number;
  readonly rounds: number;
  /** The system's load of the last minute, before and after; the benchmark itself is part of the second. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly python: string | null;
  /** Processor time per window of decoding the clips alone. */
  readonly decodingSec: number;
}

export function renderModels(figures: readonly ModelFigures[], context: ReportContext): string {
  const { cores, rounds, loadBefore, loadAfter, decodingSec } = context;
  const load = `load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after`;
  return [
    `# ${cores} cores, medians of ${rounds} rounds; ${load}`,
    ...(loadBefore > 0.5
      ? ['Other work was running: hold figures of one round against each other, not against those of other runs.']
      : []),
    '',
    speedTable(figures),
    `Of this, ${decodingSec.toFixed(3)} processor s/window at 16 kHz are ffmpeg: its start, decoding, resampling, fingerprint.\n`,
    memoryTable(figures),
    ...(context.python === null ? [noPython] : figures.some(({ python }) => python) ? [pythonTable(figures)] : []),
    ...targetLines(figures, decodingSec),
  ].join('\n');
}

const noPython =
  'Not compared with PyTorch: expected a Python with transformers, with --python PATH or as training/reference/README.md says\n';

function speedTable(figures: readonly ModelFigures[]): string {
  const [first] = figures;
  return table(
    [
      'clips to vectors',
      '10 s windows/s',
      'times real time',
      'processor s/window',
      `${first?.name} / it`,
      '/healthz p50',
      'p99',
      'asked',
    ],
    figures.map((each) => [
      nameOf(each),
      each.windowsPerSec.toFixed(2),
      `${(each.windowsPerSec * 10).toFixed(0)} x`,
      each.cpuSecPerWindow.toFixed(3),
      `${each.firstRatio.toFixed(1)} x`,
      `${each.healthP50Ms.toFixed(1)} ms`,
      `${each.healthP99Ms.toFixed(1)} ms`,
      String(each.healthCount),
    ]),
  );
}

function memoryTable(figures: readonly ModelFigures[]): string {
  return table(
    ['memory, peak', 'worker', 'an inference process', 'one session by itself', 'process / session'],
    figures.map((each) => [
      nameOf(each),
      mebibytes(each.worker.peakResidentBytes),
      mebibytes(each.child.peakResidentBytes),
      mebibytes(each.session.peakResidentBytes),
      `${childRatio(each).toFixed(2)} x`,
    ]),
  );
}

function pythonTable(figures: readonly ModelFigures[]): string {
  return table(
    [
      'the same network',
      'worker',
      'Python',
      'worker / Python',
      'by processor time',
      'cosine of their vectors: median, least',
      'Python, peak',
    ],
    figures.flatMap(({ name, windowsPerSec, python }) => (python ? [pythonRow(name, windowsPerSec, python)] : [])),
  );
}

function pythonRow(name: string, ours: number, python: PythonComparison): string[] {
  return [
    name,
    `${ours.toFixed(2)} /s`,
    `${python.windowsPerSec.toFixed(2)} /s (${python.threads} threads)`,
    `${python.ratio.toFixed(2)} x`,
    `${python.cpuRatio.toFixed(2)} x`,
    `${python.cosineMedian.toFixed(6)}, ${python.cosineLeast.toFixed(6)}`,
    mebibytes(python.peakBytes),
  ];
}

function targetLines(figures: readonly ModelFigures[], decodingSec: number): string[] {
  const clap = figures.find(({ name }) => name === 'clap-shape');
  const line = (what: string, value: string, met: boolean): string => `- ${met ? 'met' : 'NOT met'}: ${what}: ${value}`;
  const slowest = worst(figures, ({ healthP99Ms }) => healthP99Ms);
  const largest = worst(figures, childRatio);
  return [
    ...(clap?.python
      ? [
          line(
            `CLAP's network, worker at least ${targets.pythonRatio} x Python`,
            `${clap.python.ratio.toFixed(2)} x`,
            clap.python.ratio >= targets.pythonRatio,
          ),
        ]
      : []),
    ...(clap
      ? [
          line(
            `the built-in model at least ${targets.firstRatio} x CLAP's network`,
            `${clap.firstRatio.toFixed(1)} x; a model that took no time at all: ${(clap.cpuSecPerWindow / decodingSec).toFixed(1)} x`,
            clap.firstRatio >= targets.firstRatio,
          ),
        ]
      : []),
    ...(slowest
      ? [
          line(
            `/healthz p99 under ${targets.healthP99Ms} ms under full load, for every model`,
            `${slowest.healthP99Ms.toFixed(1)} ms at most (${slowest.name})`,
            slowest.healthP99Ms < targets.healthP99Ms,
          ),
        ]
      : []),
    ...(largest
      ? [
          line(
            `an inference process within ${targets.childRatio} x one session`,
            `${childRatio(largest).toFixed(2)} x at most (${largest.name})`,
            childRatio(largest) <= targets.childRatio,
          ),
        ]
      : []),
  ];
}

function worst(figures: readonly ModelFigures[], of: (each: ModelFigures) => number): ModelFigures | undefined {
  return [...figures].sort((a, b) => of(b) - of(a))[0];
}

function childRatio({ child, session }: ModelFigures): number {
  return child.peakResidentBytes / session.peakResidentBytes;
}

function nameOf({ name, trained }: ModelFigures): string {
  return trained ? name : `${name} (random weights)`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
