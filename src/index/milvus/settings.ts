/** Where the Milvus server is, and how its collections are made. @see config/vector-index.ts */
export interface MilvusSettings {
  /** host:port */
  readonly address: string;
  /** Begins the name of every collection and alias. */
  readonly prefix: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly token: string | null;
  readonly tls: boolean;
  readonly caFile: string | null;
  readonly database: string;
  readonly indexType: 'auto' | IndexType;
  /** Lowest accepted recall@5. */
  readonly recallMin: number;
}

export type IndexType = 'FLAT' | 'HNSW' | 'IVF_SQ8';

/** Up to a million rows, an exact search takes less than a second, and nothing has to be tuned. */
const flatRowsMax = 1_000_000;

export function indexTypeFor({ indexType }: Pick<MilvusSettings, 'indexType'>, rowCount: number): IndexType {
  if (indexType !== 'auto') return indexType;
  return rowCount <= flatRowsMax ? 'FLAT' : 'HNSW';
}

/** Parameters to build an index.
 *  @see https://milvus.io/docs/index.md */
export function buildParameters(indexType: IndexType, rowCount: number): Record<string, number> {
  // M 16 with efConstruction 200 stayed below .97, whatever was asked of it (2.3.5, 100,000 x 384).
  if (indexType === 'HNSW') return { M: 32, efConstruction: 400 };
  if (indexType === 'IVF_SQ8') return { nlist: Math.max(1, Math.min(65_536, Math.round(4 * Math.sqrt(rowCount)))) };
  return {};
}

/** Parameters of a search for `k` rows. */
export function searchParameters(indexType: IndexType, rowCount: number, k: number): Record<string, number> {
  if (indexType === 'HNSW') return { ef: Math.min(32_768, Math.max(512, 4 * k)) };
  if (indexType === 'IVF_SQ8') {
    const { nlist = 1 } = buildParameters(indexType, rowCount);
    return { nprobe: Math.max(1, Math.ceil(nlist / 8)) };
  }
  return {};
}
