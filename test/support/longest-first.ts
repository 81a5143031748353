/** Starts the slowest test files first, so that no process works alone at the end of a run. Vitest orders the others: by their
 *  last duration, and by size in a fresh clone. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take more than a minute on two cores with other work. */
const slowest: readonly string[] = [
  'embedding-worker/webgpu',
  'cli/cli',
  'web/page/page',
  'web/page/admin',
  'web/page/explore',
  'web/page/people',
  'discord/bot/ending',
  'services/reindexer',
  'query/crowding',
  'index/delta',
  'cli/clusters',
  'web/admin',
  'audio/processes',
  'web/beside-bot',
  'indexing/full-disk',
  'discord/bot/places',
  'discord/bot/trouble',
  'discord/library/commands',
  'query/find-similar',
  'web/bad-input',
  'embedding/local-worker',
  'web/streams',
  'indexing/chaos',
  'indexing/delta-run',
  'audio/odd-files',
].map((name) => `test/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = path.resolve(import.meta.dirname, '../..');
    const gone = slowest.filter((file) => !existsSync(path.join(root, file)));
    if (gone.length > 0) throw new Error(`Rename in longest-first.ts too: ${gone.join(', ')}`);
    const place = ({ moduleId }: TestSpecification): number => {
      const found = slowest.indexOf(path.relative(root, moduleId));
      return found < 0 ? slowest.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
