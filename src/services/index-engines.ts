/** The engines of the index that the configuration names. */
import type { Config } from '../config/config.ts';
import type { IndexEngines } from '../index/engine.ts';
import { faissEngineWith } from '../index/faiss-engine.ts';
import { MilvusEngine } from '../index/milvus/milvus-engine.ts';
import type { BackendLink } from './backend-link.ts';

/** Connects to nothing yet.
 *  @param backend whose index processes search; null: this program starts its own */
export function indexEnginesOf(
  { vectorIndex }: Pick<Config, 'vectorIndex'>,
  backend: BackendLink | null = null,
): IndexEngines {
  const faiss = faissEngineWith(backend?.openShard);
  return vectorIndex.engine === 'faiss' ? { faiss } : { faiss, milvus: new MilvusEngine(vectorIndex.milvus) };
}
