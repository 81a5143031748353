/** A server of its own for a test file that kills or cuts it. */
import { afterAll, beforeAll, beforeEach, type TestContext } from 'vitest';
import { kind } from './kind.ts';
import { MilvusServer } from './server.ts';

/** Starts it before all tests; without it, they are skipped with a line that says why. */
export function ownServer(): () => MilvusServer {
  let server: MilvusServer | null = null;
  let missing = 'it was not started';
  beforeAll(async () => {
    const started = await MilvusServer.start(kind);
    if ('missing' in started) missing = started.missing;
    else server = started;
  });
  skipWithout(() => (server === null ? missing : null));
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === null) throw new Error(`There is no Milvus (${kind}): ${missing}`);
    return server;
  };
}

/** Skips tests where the server of all files (global-setup.ts) did not start. */
export function skipWithout(missing: () => string | null = () => process.env.MILVUS_MISSING ?? null): void {
  beforeEach((context: TestContext) => {
    const why = missing();
    if (why !== null) context.skip(`no Milvus (${kind}): ${why}`);
  });
}
