/** Starts the slowest test files first, so that no process works alone at the end of a run. Vitest orders the others: by their
 *  last duration, and by size in a fresh clone. */
import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const slowest: readonly string[] = ['test/indexing/full-disk.test.ts', 'test/web/page/page.test.ts'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = path.resolve(import.meta.dirname, '../..');
    const place = ({ moduleId }: TestSpecification): number => {
      const found = slowest.indexOf(path.relative(root, moduleId));
      return found < 0 ? slowest.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
