/** Loads Milvus's client, which is installed only where VECTOR_INDEX names a Milvus server: it weighs 72 MB. The only user of
 *  @zilliz/milvus2-sdk-node. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LeitmotifError } from '../../errors.ts';
import type { MilvusSettings } from './settings.ts';

const folder = path.resolve(import.meta.dirname, '../../../milvus-sdk');
const name = '@zilliz/milvus2-sdk-node';

export interface SdkStatus {
  readonly code?: number;
  readonly error_code?: string;
  readonly reason?: string;
}

interface Answer {
  readonly status: SdkStatus;
}

type Hit = Readonly<{ score: number; row: string }>;
type Named = { readonly collection_name: string; readonly timeout?: number };

/** What is used of the client. 64-bit numbers are text. */
export interface Sdk {
  getVersion(): Promise<Answer & { version: string }>;
  createCollection(data: Named & Readonly<Record<string, unknown>>): Promise<SdkStatus>;
  describeCollection(data: Named): Promise<
    Answer & {
      schema?: { fields: { name: string; type_params: { key: string; value: unknown }[]; dim?: string }[] };
    }
  >;
  hasCollection(data: Named): Promise<Answer & { value: boolean }>;
  listCollections(data?: { timeout?: number }): Promise<Answer & { data: { name: string }[] }>;
  dropCollection(data: Named): Promise<SdkStatus>;
  insert(data: Named & { data: unknown[] }): Promise<Answer>;
  upsert(data: Named & { data: unknown[] }): Promise<Answer>;
  delete(data: Named & { filter: string; consistency_level?: string }): Promise<Answer>;
  flushSync(data: { collection_names: string[]; timeout?: number }): Promise<Answer>;
  createIndex(data: Named & Readonly<Record<string, unknown>>): Promise<SdkStatus>;
  describeIndex(
    data: Named,
  ): Promise<
    Answer & { index_descriptions: { pending_index_rows?: string; state?: string; index_state_fail_reason?: string }[] }
  >;
  loadCollectionAsync(data: Named): Promise<SdkStatus>;
  releaseCollection(data: Named): Promise<SdkStatus>;
  getLoadState(data: Named): Promise<Answer & { state: string }>;
  search(data: Named & Readonly<Record<string, unknown>>): Promise<Answer & { results: Hit[] | Hit[][] }>;
  query(
    data: Named & Readonly<Record<string, unknown>>,
  ): Promise<Answer & { data: Readonly<Record<string, unknown>>[] }>;
  createAlias(data: Named & { alias: string }): Promise<SdkStatus>;
  alterAlias(data: Named & { alias: string }): Promise<SdkStatus>;
  dropAlias(data: { alias: string; timeout?: number }): Promise<SdkStatus>;
  closeConnection(): Promise<unknown>;
}

/** @throws {LeitmotifError} `tool-missing` when the client is not installed; `config-invalid` when its certificates cannot be read */
export async function openSdk(settings: MilvusSettings, timeoutMs: number): Promise<Sdk> {
  const { address, user, password, token, tls, caFile, database } = settings;
  const Client = await loadClient();
  try {
    const client = new Client({
      ...{ address, database, ssl: tls, timeout: timeoutMs, logLevel: 'silent' },
      ...(caFile === null ? {} : { tls: { rootCertPath: caFile } }),
      ...(token === null ? {} : { token }),
      ...(user === null ? {} : { username: user, password }),
      // One connection multiplexes all requests; it is opened by the first.
      ...{ pool: { min: 0, max: 8 }, __SKIP_CONNECT__: true, telemetry: { enabled: false }, maxRetries: 0 },
      // Its default, a ping every ten seconds, is refused as too many by Milvus Lite and by Zilliz's serverless clusters.
      channelOptions: { 'grpc.keepalive_time_ms': 600_000, 'grpc.keepalive_permit_without_calls': 0 },
    });
    // The last interceptor repeats requests, which guard.ts does; it also formats every message as JSON for a debug log, which
    // takes longer than the request.
    const interceptors = client.channelOptions?.interceptors;
    if (interceptors?.at(-1)?.toString().includes('retryCount')) interceptors.pop();
    return client;
  } catch (cause) {
    throw new LeitmotifError('config-invalid', `Cannot connect to Milvus: ${(cause as Error).message}`, { cause });
  }
}

type ClientClass = new (
  options: Readonly<Record<string, unknown>>,
) => Sdk & { channelOptions?: { interceptors?: { toString(): string }[] } };

async function loadClient(): Promise<ClientClass> {
  let entry: string;
  try {
    entry = createRequire(path.join(folder, 'package.json')).resolve(name);
  } catch (cause) {
    throw new LeitmotifError(
      'tool-missing',
      "VECTOR_INDEX names a Milvus server, and Milvus's client is not installed: `npm run setup -- milvus` installs it (72 MB), " +
        'and a container image brings it if it is built with MILVUS_CLIENT=true',
      { cause },
    );
  }
  const loaded = (await import(pathToFileURL(entry).href)) as { MilvusClient: ClientClass };
  return loaded.MilvusClient;
}
