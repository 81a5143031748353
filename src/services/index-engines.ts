/** The engines of the index that the configuration names. */
import type { Config } from '../config/config.ts';
import type { IndexEngines } from '../index/engine.ts';
import { faissEngine } from '../index/faiss-engine.ts';
import { MilvusEngine } from '../index/milvus/milvus-engine.ts';

/** Connects to nothing yet. */
export function indexEnginesOf({ vectorIndex }: Pick<Config, 'vectorIndex'>): IndexEngines {
  if (vectorIndex.engine === 'faiss') return { faiss: faissEngine };
  return { faiss: faissEngine, milvus: new MilvusEngine(vectorIndex.milvus) };
}
