/** The Python side of the comparison (bench/reference/): transformers on PyTorch, in one process for all rounds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { z } from 'zod';
import { decodeFloat32 } from '../../src/embedding/packed-arrays.ts';
import { processFigures } from '../process-figures.ts';
import type { Round } from './worker.ts';

const scripts = path.join(import.meta.dirname, '../reference');

/** In the order of measurement. @see bench/reference/shapes.py */
export const shapeNames = ['clap-shape', 'clap-small-shape', 'wav2vec2-shape'] as const;

export interface PythonRound extends Round {
  /** The vector of each window of each clip, in order of time. */
  readonly vectors: readonly (readonly Float32Array[])[];
  readonly peakBytes: number;
  readonly threads: number;
}

export interface PythonPipeline {
  round(files: readonly string[]): Promise<PythonRound>;
  close(): Promise<void>;
}

const roundAnswer = z.object({
  seconds: z.number(),
  windows: z.number(),
  peakBytes: z.number(),
  threads: z.number(),
  vectors: z.array(z.array(z.string())),
});

/** @returns the interpreter with transformers; null if there is none */
export function findPython(asked: string | undefined, cacheDir: string): string | null {
  const python = asked ?? path.join(cacheDir, 'reference/bin/python');
  return existsSync(python) ? python : null;
}

/** Writes the network unless it exists. */
export async function exportShape(python: string, name: string, shapesDir: string): Promise<void> {
  const folder = path.join(shapesDir, name);
  if (existsSync(path.join(folder, 'model.json'))) return;
  const child = spawn(python, [path.join(scripts, 'export_shape.py'), name, folder], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`Cannot export ${name}: bench/reference/export_shape.py ended with code ${code}`);
}

/** Resolves when the model is loaded and warm. */
export async function startPythonPipeline(python: string, name: string): Promise<PythonPipeline> {
  const child = spawn(python, [path.join(scripts, 'pipeline.py'), name], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Cannot measure ${name}: bench/reference/pipeline.py ended with code ${child.exitCode}`);
    return value as string;
  };
  await nextLine();
  return {
    round: async (files) => {
      const cpuBefore = cpuSecOf(child);
      writeLine(child, JSON.stringify(files));
      const { seconds, windows, peakBytes, threads, vectors } = roundAnswer.parse(JSON.parse(await nextLine()));
      return {
        windows,
        wallSec: seconds,
        cpuSec: cpuSecOf(child) - cpuBefore,
        peakBytes,
        threads,
        vectors: vectors.map((rows) => rows.map(decodeFloat32)),
      };
    },
    close: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

function cpuSecOf({ pid = 0 }: ChildProcess): number {
  return processFigures(pid)?.cpuSec ?? 0;
}

function writeLine({ stdin }: ChildProcess, line: string): void {
  if (stdin instanceof Writable) stdin.write(`${line}\n`);
}
