/** One embedding worker and one set of index processes for several programs on one machine: the shards of a bot, and the web server.
 *  The process that starts these programs runs the backend. It does no other work, so that nothing delays a search. The programs
 *  connect to its socket (backend-link.ts). The worker and the index processes start when a program first needs them, and end
 *  with this process. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { ShardRegistry } from '../index/shard-registry.ts';
import { shardRoutes } from '../index/shard-routes.ts';
import { guardFolder } from '../io/end-with-parent.ts';
import { makeSocketFolder } from '../io/socket-folder.ts';
import type { WorkerAddress } from './backend-link.ts';
import { OwnWorker } from './own-worker.ts';
import type { ProgramContext } from './program-context.ts';

const socketName = 'backend.sock';

export class Backend implements AsyncDisposable {
  readonly socketPath: string;
  readonly #config: Config;
  readonly #context: ProgramContext;
  readonly #shards = new ShardRegistry();
  readonly #closing = new AbortController();
  readonly #ending = new AsyncDisposableStack();
  #worker: OwnWorker | null = null;

  private constructor(config: Config, context: ProgramContext, folder: string) {
    this.#config = config;
    this.#context = context;
    this.socketPath = path.join(folder, socketName);
  }

  /** @throws {LeitmotifError} 'config-invalid' when no socket can be made */
  static async start(config: Config, context: ProgramContext): Promise<Backend> {
    const folder = makeSocketFolder(socketName);
    const backend = new Backend(config, context, folder);
    await backend.#listen(folder);
    return backend;
  }

  async #listen(folder: string): Promise<void> {
    const guard = guardFolder(folder);
    this.#ending.defer(async () => {
      await rm(folder, { recursive: true, force: true });
      guard.release();
    });
    this.#ending.defer(async () => this.#worker?.close());
    this.#ending.defer(() => this.#shards.close());
    const server: FastifyInstance = Fastify({ forceCloseConnections: true });
    shardRoutes(server, this.#shards);
    server.post('/worker', async (request) => {
      const gone = new AbortController();
      request.raw.socket.once('close', () => gone.abort());
      return this.#workerReady(AbortSignal.any([gone.signal, this.#closing.signal]));
    });
    this.#ending.defer(() => server.close());
    await server.listen({ path: this.socketPath });
  }

  /** Call it when the programs that use it have ended. */
  async close(): Promise<void> {
    this.#closing.abort(new LeitmotifError('worker-unavailable', 'The program that has the worker ends'));
    await this.#ending.disposeAsync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #workerReady(signal: AbortSignal): Promise<WorkerAddress> {
    signal.throwIfAborted();
    this.#worker ??= new OwnWorker(this.#config, this.#context);
    const worker = await this.#worker.started.catch((error: unknown) => {
      // The next request tries again.
      this.#worker = null;
      throw error;
    });
    await worker.whenReady(signal);
    return { socketPath: worker.socketPath, token: worker.token };
  }
}
