/** Serves the index processes of this program to others over a socket (shard-wire.ts). An open answer is an open shard: a program
 *  that dies lets go of its shards. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { LeitmotifError, toLeitmotifError } from '../errors.ts';
import { startLines } from '../io/line-response.ts';
import { toLinkError } from '../io/link-error.ts';
import type { IndexShard } from './index-shard.ts';
import type { ShardRegistry } from './shard-registry.ts';
import { decodeSearch, encodeAnswer, moveOrder, openOrder } from './shard-wire.ts';

/** 240 vectors of the largest model that a manifest may describe (65,536 dimensions) are 63 MB. */
const searchBytesMax = 128 * 1024 * 1024;

type Lease = { readonly Params: { readonly lease: string } };

export function shardRoutes(server: FastifyInstance, registry: ShardRegistry): void {
  server.setErrorHandler((error, _request, reply) => reply.code(500).send(toLinkError(toLeitmotifError(error))));
  const leases = new Map<string, IndexShard>();
  const shardOf = (lease: string): IndexShard => {
    const shard = leases.get(lease);
    if (shard) return shard;
    throw new LeitmotifError('index-unavailable', 'Cannot search: the shard is closed');
  };

  server.post('/shards', async ({ body }, reply) => {
    const order = openOrder.parse(body);
    const lines = startLines(reply);
    try {
      const shard = await registry.open({ ...order, onEvent: (event) => lines.tell({ event }) });
      const lease = randomUUID();
      leases.set(lease, shard);
      lines.tell({ lease });
      await lines.untilClosed();
      leases.delete(lease);
      await shard.close();
    } catch (error) {
      lines.fail(error);
    }
  });

  server.post<Lease>('/shards/:lease/move', async ({ params, body }) => {
    await shardOf(params.lease).moveTo(moveOrder.parse(body));
    return {};
  });
  server.get<Lease>('/shards/:lease', async ({ params }) => {
    const shard = shardOf(params.lease);
    const [pid = null, openblasCore, memory] = await Promise.all([shard.pid(), shard.openblasCore(), shard.memory()]);
    return { pid, openblasCore, memory };
  });
  server.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer', bodyLimit: searchBytesMax }, bytesOf);
    scope.post<Lease>('/shards/:lease/search', async ({ params, body }, reply) => {
      const { queries, k, dropped } = decodeSearch(body as Buffer);
      const answer = await shardOf(params.lease).search(queries, k, dropped);
      return reply.type('application/octet-stream').send(encodeAnswer(answer));
    });
  });
}

function bytesOf(_request: unknown, body: string | Buffer, done: (error: null, body: unknown) => void): void {
  done(null, body);
}
