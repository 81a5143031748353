/** Starts one Milvus for all test files, and names it in VECTOR_INDEX. Without it, the tests of Milvus are skipped, and the others
 *  run on FAISS. */
import { kind } from './kind.ts';
import { MilvusServer } from './server.ts';

let server: MilvusServer | null = null;

export async function setup(): Promise<void> {
  const started = await MilvusServer.start(kind);
  if ('missing' in started) {
    process.stderr.write(`Skipped: no Milvus (${kind}): ${started.missing}\n`);
    process.env.MILVUS_MISSING = started.missing;
    return;
  }
  server = started;
  Object.assign(process.env, started.environment);
}

export async function teardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
