/** Small generations for tests. */
import type { OpenGenerationOptions } from '../../src/index/generation.ts';
import { type GenerationInput, writeGeneration } from '../../src/index/generation-writer.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { never, unitVectors } from './vectors.ts';

export const dimensions = 8;
export const place = { spaceId: 'builtin/1.0 @10s', catalogId: 'catalog-a' };

export function indexedRows(count: number, seed: number): IndexedRow[] {
  return unitVectors(count, dimensions, seed).map((vector, row) => ({
    chunk: {
      trackId: 1 + Math.floor(row / 10),
      startSec: (row % 10) * 9.1,
      endSec: (row % 10) * 9.1 + 10,
      overlapSec: 0.9,
    },
    vector,
  }));
}

export function generationInput(indexDir: string, rows: readonly IndexedRow[]): GenerationInput {
  const createdAt = new Date('2024-05-06T07:08:09.000Z');
  const shape = { dimensions, rowCount: rows.length, rows, shardsMax: 2, options: { includeNonMusic: false } };
  // A separate test checks the format; here the check would cost each test a process.
  const flatFormat = 'known';
  return { indexDir, ...place, ...shape, createdAt, flatFormat, signal: never };
}

export const write = (indexDir: string, rows: readonly IndexedRow[], changes: Partial<GenerationInput> = {}) =>
  writeGeneration({ ...generationInput(indexDir, rows), ...changes });

export const openOptions = (indexDir: string): OpenGenerationOptions => ({ indexDir, ...place });
