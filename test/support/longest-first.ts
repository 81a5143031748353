/** Starts the slowest test files first, so that no process works alone at the end of a run. Vitest orders the others: by their
 *  last duration, and by size in a fresh clone. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take most of the time, slowest first. */
const slowest: readonly string[] = [
  'slow/kills.slow',
  'slow/hostile.slow',
  'web/page/page.long.test',
  'cli/cli.long.test',
  'embedding-worker/webgpu.long.test',
  'discord/bot/ending.long.test',
  'web/page/admin.long.test',
  'indexing/full-disk.long.test',
  'web/page/explore.long.test',
  'web/page/people.long.test',
  'embedding/local-worker.long.test',
  'discord/library/commands.long.test',
  'discord/bot/trouble.long.test',
  'services/reindexer.long.test',
  'index/delta.long.test',
  'cli/clusters.long.test',
  'indexing/chaos.long.test',
  'web/admin.long.test',
  'discord/bot/places.long.test',
  'library/azure-whole.long.test',
  'web/beside-bot.long.test',
  'web/access.long.test',
  'library/azure-ranges.long.test',
  'cli/libraries.long.test',
  'discord/bot/progress.long.test',
  'discord/starting.long.test',
  'exchange/imported-index.long.test',
  'query/hub-correction.long.test',
  'discord/sharding.long.test',
  'discord/bot/similar.long.test',
  'query/find-similar.test',
  'web/queries.test',
  'embedding/worker-pool.long.test',
  'discord/bot/memory.long.test',
  'embedding-worker/remote/remote-worker.long.test',
  'web/sign-in.long.test',
  'discord/bot/overtaken.long.test',
  'query/crowding.long.test',
  'web/tracks.long.test',
  'models/musicnn.long.test',
  'discord/library/home-servers.long.test',
  'discord/bot/again.long.test',
  'index/shared-shards.long.test',
  'library/azure-backups.long.test',
  'audio/processes.long.test',
  'audio/odd-files.long.test',
].map((name) => `test/${name}.ts`);

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
