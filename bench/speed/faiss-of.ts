/** The FAISS index of a generation that a benchmark has just written with FAISS. */
import { FaissIndex } from '../../src/index/faiss-index.ts';
import type { OpenGeneration } from '../../src/index/generation.ts';

export function faissOf({ index }: OpenGeneration): FaissIndex {
  if (!(index instanceof FaissIndex)) throw new TypeError('Cannot measure: expected an index of FAISS');
  return index;
}
