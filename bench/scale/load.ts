/** A process that queries an open index like a bot; started and controlled by bench/scale.ts through messages. The queries are
 *  60 embedded chunks near the library's, so that only the search is measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from '../../src/app.ts';
import { fingerprintItemSec } from '../../src/audio/fingerprint.ts';
import { readConfig } from '../../src/config/config.ts';
import { makeLog } from '../../src/io/log.ts';
import type { EmbeddedQuery } from '../../src/query/find-similar.ts';
import { defaultFusion } from '../../src/query/query-request.ts';
import { interactive } from '../../src/services/program-context.ts';
import { syntheticVectors } from '../speed/synthetic-vectors.ts';

export type AskerOrder = { readonly type: 'ask'; readonly times: number } | { readonly type: 'keep-asking' | 'stop' };

export interface QueryOutcome {
  /** Time of the answer, milliseconds since 1970. */
  readonly atMs: number;
  /** Search, fusion and all other steps except decoding and embedding. */
  readonly tookMs: number;
  readonly generation: string | null;
  /** Null for an answer. */
  readonly failure: string | null;
}

const [root = '.', dimensions = '512'] = process.argv.slice(2);
const chunks = 60;
/** Time between the starts of two queries during a run. */
const askEachMs = 1_000;
const never = new AbortController().signal;

const config = readConfig(process.env, root);
const log = makeLog('warn');
const context = { root, environment: process.env, log, ...interactive };
const app = await buildApp(config, context);
const queryEmbedding = await heardQuery();
await app.liveIndex.open(never);
let isAsking = false;
process.send?.('ready');

process.on('message', (order: AskerOrder) => void obey(order));

async function obey(order: AskerOrder): Promise<void> {
  if (order.type === 'stop') {
    isAsking = false;
    return;
  }
  isAsking = true;
  const times = order.type === 'ask' ? order.times : Number.POSITIVE_INFINITY;
  for (let at = 0; at < times && isAsking; at++) {
    const asked = await ask();
    process.send?.(asked);
    // Without a pause the queries alone would use all cores, unlike real users.
    if (order.type === 'keep-asking') await sleep(Math.max(0, askEachMs - asked.tookMs));
  }
  process.send?.('done');
}

async function ask(): Promise<QueryOutcome> {
  const startedMs = performance.now();
  const end = (generation: string | null, failure: string | null) => ({
    ...{ atMs: Date.now(), tookMs: performance.now() - startedMs, generation, failure },
  });
  try {
    const query = { path: 'a query', neighbours: 5, fusion: defaultFusion, resultsMax: 10, includeNonMusic: false };
    return end(
      (await app.queries.similar({ ...query, signal: never, storedEmbedding: queryEmbedding })).generation,
      null,
    );
  } catch (error) {
    return end(null, (error as Error).message);
  }
}

async function heardQuery(): Promise<EmbeddedQuery> {
  const vectors = syntheticVectors(Number(dimensions), 1).queries(chunks);
  return {
    spaceId: await app.worker.spaceId(),
    durationSec: chunks * 10,
    tags: { title: 'A query', artist: null, album: null },
    chunks: vectors.map((vector, index) => {
      const times = { startSec: index * 10, endSec: index * 10 + 10, overlapSec: 0 };
      return { index, ...times, kind: 'music', loudnessDb: -20, vector };
    }),
    fingerprint: {
      items: Uint32Array.from({ length: chunks * 80 }, (_, at) => at * 2_654_435_761),
      itemSec: fingerprintItemSec,
    },
    timingsMs: { decode: 0, embed: 0 },
  };
}
