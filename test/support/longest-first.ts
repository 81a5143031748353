/** Starts the slowest test files first, so that no process works alone at the end of a run. Vitest orders the others: by their
 *  last duration, and by size in a fresh clone. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take most of the time, slowest first. */
const slowest: readonly string[] = [
  'web/page/page.long',
  'cli/cli.long',
  'embedding-worker/webgpu.long',
  'discord/bot/ending.long',
  'web/page/admin.long',
  'indexing/full-disk.long',
  'web/page/explore.long',
  'web/page/people.long',
  'embedding/local-worker.long',
  'discord/library/commands.long',
  'discord/bot/trouble.long',
  'services/reindexer.long',
  'index/delta.long',
  'cli/clusters.long',
  'indexing/chaos.long',
  'web/admin.long',
  'discord/bot/places.long',
  'library/azure-whole.long',
  'web/beside-bot.long',
  'web/access.long',
  'library/azure-ranges.long',
  'cli/libraries.long',
  'discord/bot/progress.long',
  'discord/starting.long',
  'exchange/imported-index.long',
  'query/hub-correction.long',
  'discord/sharding.long',
  'discord/bot/similar.long',
  'query/find-similar',
  'web/queries',
  'embedding/worker-pool.long',
  'discord/bot/memory.long',
  'embedding-worker/remote/remote-worker.long',
  'web/sign-in.long',
  'discord/bot/overtaken.long',
  'query/crowding.long',
  'web/tracks.long',
  'models/musicnn.long',
  'discord/library/home-servers.long',
  'discord/bot/again.long',
  'index/shared-shards.long',
  'library/azure-backups.long',
  'audio/processes.long',
  'audio/odd-files.long',
]
  .map((name) => `test/${name}.test.ts`)
  .concat(['test/slow/kills.slow.ts', 'test/slow/hostile.slow.ts']);

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
