/** A program that shares its index processes, for tests: in this process, or in one of its own (programs/share-index.ts). */
import path from 'node:path';
import Fastify from 'fastify';
import { ShardRegistry } from '../../src/index/shard-registry.ts';
import { shardRoutes } from '../../src/index/shard-routes.ts';

/** @param folder of the socket @returns the socket's path */
export async function shareShards(folder: string): Promise<AsyncDisposable & { readonly socketPath: string }> {
  const registry = new ShardRegistry();
  const server = Fastify({ forceCloseConnections: true });
  shardRoutes(server, registry);
  const socketPath = path.join(folder, 'shards.sock');
  await server.listen({ path: socketPath });
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await registry.close();
    },
  };
}
