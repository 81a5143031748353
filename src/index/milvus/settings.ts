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

export const indexTypes = ['FLAT', 'SCANN', 'HNSW', 'IVF_SQ8', 'DISKANN'] as const;
export type IndexType = (typeof indexTypes)[number];

/** Above, Milvus's exact search takes longer than SCANN by more than a request takes: bench/PERFORMANCE.md. */
const flatRowsMax = 100_000;
/** Above, HNSW is faster than SCANN, and building it takes hours rather than minutes. */
const scannRowsMax = 3_000_000;

/** @param version of the server */
export function indexTypeFor(
  { indexType }: Pick<MilvusSettings, 'indexType'>,
  rowCount: number,
  version: string,
): IndexType {
  if (indexType !== 'auto') return indexType;
  // Milvus Lite has no SCANN, and is meant for small libraries.
  if (rowCount <= flatRowsMax || version.startsWith('milvus_lite')) return 'FLAT';
  return rowCount <= scannRowsMax ? 'SCANN' : 'HNSW';
}

/** Parameters to build an index.
 *  @see https://milvus.io/docs/index.md */
export function buildParameters(indexType: IndexType, rowCount: number): Record<string, number | boolean> {
  // M 16 with efConstruction 200 stayed below .97, whatever was asked of it (2.3.5, 100,000 x 384).
  if (indexType === 'HNSW') return { M: 32, efConstruction: 400 };
  const clusters = (max: number) => Math.max(1, Math.min(max, Math.round(4 * Math.sqrt(rowCount))));
  if (indexType === 'IVF_SQ8') return { nlist: clusters(1_024) };
  // With the vectors themselves, by which candidates are ranked. Most searches visit every cluster, and finding ten times as many
  // clusters takes five times as long as all other work of a build.
  if (indexType === 'SCANN') return { nlist: clusters(256), with_raw_data: true };
  return {};
}

/** How much of an index a search visits, least first: the share of the clusters, or for a graph (HNSW, DISKANN) a multiple of 512
 *  nodes. The least that finds enough of the neighbours is measured when the index is built. A graph begins with 512, because its
 *  own rows are easier to find than others: with 128 in HNSW they had a recall of .994, and queries from outside .860. */
export function effortsOf(indexType: IndexType): readonly [number, ...number[]] {
  if (indexType === 'FLAT') return [1];
  const isGraph = indexType === 'HNSW' || indexType === 'DISKANN';
  return isGraph ? [1, 2, 4] : [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];
}

/** Parameters of a search for `k` rows.
 *  @param effort one of effortsOf */
export function searchParameters(
  { indexType, effort }: { readonly indexType: IndexType; readonly effort: number },
  rowCount: number,
  k: number,
): Record<string, number> {
  const nodes = Math.min(32_768, Math.max(512 * effort, 4 * k));
  if (indexType === 'HNSW') return { ef: nodes };
  if (indexType === 'DISKANN') return { search_list: nodes };
  const { nlist } = buildParameters(indexType, rowCount);
  const nprobe = Math.max(1, Math.ceil(Number(nlist) * effort));
  if (indexType === 'IVF_SQ8') return { nprobe };
  // Ranked by the vectors themselves: 200 of 400,000 leave out one neighbour in sixty, and 1,000 take a few milliseconds.
  if (indexType === 'SCANN') return { nprobe, reorder_k: Math.max(1_000, 8 * k) };
  return {};
}
