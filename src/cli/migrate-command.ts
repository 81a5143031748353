/** `npm run library -- migrate --to milvus://host:port/prefix|faiss`: writes the index again in another engine, from the
 *  catalog, without embedding. The earlier generation stays for roll-back. */
import { counted, formatDuration } from '../format.ts';
import type { Services } from '../services/services.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const unwrittenWords = {
  empty: 'A space without chunks has no index.',
  unchanged: 'The index is there already.',
  held: 'An index was left as it is: a rollback chose its generation. A second rollback undoes that.',
} as const;

/** @param services configured for the engine that the index moves to */
export async function libraryMigrate(
  { generations }: Pick<Services, 'generations'>,
  to: string,
  signal: AbortSignal,
): Promise<number> {
  const startedMs = performance.now();
  const outcomes = await generations.rebuildAll(signal);
  const took = formatDuration((performance.now() - startedMs) / 1000);
  for (const outcome of outcomes) {
    if (outcome.kind === 'written') {
      print(`Generation ${outcome.id} is in use, ${counted(outcome.rows, 'chunk')}, written in ${took}.`);
    } else print(unwrittenWords[outcome.kind]);
  }
  print(`Set VECTOR_INDEX=${to} in .env, and restart the programs that have another value.`);
  return 0;
}
