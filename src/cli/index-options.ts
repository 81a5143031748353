/** Declares `npm run index -- ...` and its options. */
import type { Command } from 'commander';
import { type IndexCommandOptions, indexCommand } from './index-command.ts';
import { withApp } from './with-app.ts';

export function addIndex(program: Command): void {
  program
    .command('index')
    .description('index recordings; unchanged ones are skipped')
    .argument(
      '[place...]',
      'a folder, file:/path, azure://account/container/prefix, or several as NAME=PLACE; a track is named by its path ' +
        'below it. Default: LIBRARY',
    )
    .option('--exclude <glob...>', 'exclude matching names, for example "live/**"')
    .option('--retry-failed', 'retry failed recordings, though they have not changed')
    .option('--allow-empty', 'accept an empty folder that held recordings before')
    .option('--dry-run', 'list what would be added, changed, moved and removed, without doing it')
    .option('--json', 'with --dry-run: print one object with every name')
    .option('--replace-library', 'replace the libraries of this index; other tracks count as removed')
    .action((places: string[], options: IndexCommandOptions) =>
      withApp((app, signal) => indexCommand(app, places, options, signal)),
    );
}
