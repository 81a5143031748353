/** Measures models on the same clips, a group at a time. The built-in one, another, and Python with the same network alternate
 *  in each round, so that both sides of a ratio have the same machine load. */

import type { ProcessFigures } from '../process-figures.ts';
import { median, quantile } from '../statistics.ts';
import type { AvailableModel } from './available.ts';
import { bareSessionMemory } from './memory.ts';
import { type PythonPipeline, type PythonRound, startPythonPipeline } from './python.ts';
import { type MeasuredWorker, type Round, startMeasuredWorker } from './worker.ts';

export interface MeasureOptions {
  /** All others are compared with the first. */
  readonly models: readonly AvailableModel[];
  readonly files: readonly string[];
  readonly rounds: number;
  readonly cores: number;
  /** Interpreter with transformers; null: no comparison. */
  readonly python: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

export interface Speed {
  /** Medians over the rounds. */
  readonly windowsPerSec: number;
  readonly cpuSecPerWindow: number;
}

export interface PythonComparison extends Speed {
  /** Median of the ratios of each round, the worker's over Python's. */
  readonly ratio: number;
  /** The same in windows per second of processor time. */
  readonly cpuRatio: number;
  readonly peakBytes: number;
  readonly threads: number;
  /** Statistics of the cosines between both sides' vectors of the same window. */
  readonly cosineMedian: number;
  readonly cosineLeast: number;
}

export interface ModelFigures extends Speed {
  readonly name: string;
  readonly trained: boolean;
  /** Number of windows that the first model embeds in the time of one window of this model; median of the ratios of each round. */
  readonly firstRatio: number;
  readonly healthP50Ms: number;
  readonly healthP99Ms: number;
  readonly healthCount: number;
  readonly worker: ProcessFigures;
  /** The largest of the inference processes. */
  readonly child: ProcessFigures;
  readonly session: ProcessFigures;
  readonly python: PythonComparison | null;
}

/** A round of a fast model is repeated up to this time, so that start and end have little weight. */
const roundSec = 3;

export async function measureModels(options: MeasureOptions): Promise<ModelFigures[]> {
  const [first, ...others] = options.models;
  if (!first) return [];
  if (others.length === 0) return measureGroup(first, null, options);
  const figures: ModelFigures[] = [];
  for (const other of others) {
    const [ofFirst, ofOther] = await measureGroup(first, other, options);
    if (ofFirst && figures.length === 0) figures.push(ofFirst);
    if (ofOther) figures.push(ofOther);
  }
  return figures;
}

async function measureGroup(
  first: AvailableModel,
  other: AvailableModel | null,
  options: MeasureOptions,
): Promise<ModelFigures[]> {
  const { cores, environment, log } = options;
  const open: { close(): Promise<void> }[] = [];
  const opened = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    open.push(started);
    return started;
  };
  try {
    const models = other ? [first, other] : [first];
    const workers: MeasuredWorker[] = [];
    for (const model of models) workers.push(await opened(startMeasuredWorker(model, cores, environment)));
    // A model with its own weights has no counterpart here: Python would have to download them.
    const rival =
      other && !other.trained && options.python
        ? await opened(startPythonPipeline(options.python, other.model.manifest.name))
        : null;
    log(`${models.map(({ model }) => model.manifest.name).join(' and ')}${rival ? ', against Python' : ''}`);
    const taken = await takeRounds(workers, rival, options);
    const figures: ModelFigures[] = [];
    for (const [at, model] of models.entries()) {
      const worker = workers[at];
      if (!worker) continue;
      const python = at === models.length - 1 && rival ? await compare(worker, at, taken, options) : null;
      figures.push(await figuresOf(model, worker, at, taken, python, environment));
    }
    return figures;
  } finally {
    for (const part of open.reverse()) await part.close();
  }
}

/** One round: each worker in the group's order, then Python. */
interface TakenRound {
  readonly ours: readonly Round[];
  readonly python: PythonRound | null;
}

async function takeRounds(
  workers: readonly MeasuredWorker[],
  rival: PythonPipeline | null,
  { files, rounds, log }: MeasureOptions,
): Promise<TakenRound[]> {
  const taken: TakenRound[] = [];
  for (let round = 1; round <= rounds; round++) {
    const ours: Round[] = [];
    for (const worker of workers) ours.push(await worker.round(files, roundSec));
    const python = rival ? await rival.round(files) : null;
    taken.push({ ours, python });
    const rates = [...ours, ...(python ? [python] : [])].map((each) => rateOf(each).toFixed(2));
    log(`  round ${round}: ${rates.join(', ')} windows/s`);
  }
  return taken;
}

async function figuresOf(
  { model, trained }: AvailableModel,
  worker: MeasuredWorker,
  at: number,
  taken: readonly TakenRound[],
  python: PythonComparison | null,
  environment: MeasureOptions['environment'],
): Promise<ModelFigures> {
  const { worker: ofWorker, children } = worker.memory();
  const [child] = [...children].sort((a, b) => b.peakResidentBytes - a.peakResidentBytes);
  if (!child) throw new Error(`Cannot measure ${worker.name}: expected inference processes, got none`);
  return {
    name: worker.name,
    trained,
    ...speedOf(taken.flatMap(({ ours }) => ours[at] ?? [])),
    firstRatio: ratioOf(taken, ({ ours }) => [ours[0], ours[at]], rateOf),
    healthP50Ms: quantile(worker.healthMs, 0.5),
    healthP99Ms: quantile(worker.healthMs, 0.99),
    healthCount: worker.healthMs.length,
    worker: ofWorker,
    child,
    session: await bareSessionMemory(model, environment),
    python,
  };
}

async function compare(
  worker: MeasuredWorker,
  at: number,
  taken: readonly TakenRound[],
  { files }: MeasureOptions,
): Promise<PythonComparison> {
  const theirs = taken.flatMap(({ python }) => python ?? []);
  const last = theirs.at(-1);
  const pair = ({ ours, python }: TakenRound) => [ours[at], python ?? undefined] as const;
  const cosines: number[] = [];
  for (const [i, file] of files.entries()) {
    const vectors = await worker.vectors(file);
    vectors.forEach((vector, window) => {
      const other = last?.vectors[i]?.[window];
      if (other) cosines.push(vector.reduce((sum, value, axis) => sum + value * (other[axis] ?? 0), 0));
    });
  }
  return {
    ...speedOf(theirs),
    ratio: ratioOf(taken, pair, rateOf),
    cpuRatio: ratioOf(taken, pair, ({ windows, cpuSec }) => windows / cpuSec),
    peakBytes: Math.max(...theirs.map(({ peakBytes }) => peakBytes)),
    threads: last?.threads ?? 0,
    cosineMedian: median(cosines),
    cosineLeast: Math.min(...cosines),
  };
}

function speedOf(rounds: readonly Round[]): Speed {
  return {
    windowsPerSec: median(rounds.map(rateOf)),
    cpuSecPerWindow: median(rounds.map(({ cpuSec, windows }) => cpuSec / windows)),
  };
}

function rateOf({ windows, wallSec }: Round): number {
  return windows / wallSec;
}

function ratioOf(
  taken: readonly TakenRound[],
  pair: (round: TakenRound) => readonly [Round | undefined, Round | undefined],
  of: (round: Round) => number,
): number {
  const ratios = taken.map((round) => {
    const [upper, lower] = pair(round);
    return upper && lower ? of(upper) / of(lower) : Number.NaN;
  });
  return median(ratios);
}
