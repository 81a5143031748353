/** Declares `npm run library -- ...` and its options. */
import { type Command, Option } from 'commander';
import { buildApp } from '../app.ts';
import { formatNames } from '../exchange/formats.ts';
import { restoreBackup } from '../services/restore-backup.ts';
import {
  type ClustersCommandOptions,
  clustersCommand,
  liftMarkCommand,
  listMarksCommand,
  markClustersCommand,
} from './clusters-command.ts';
import { libraryEraseUser } from './erase-user-command.ts';
import {
  type ExportCommandOptions,
  exportCommand,
  type ImportCommandOptions,
  importCommand,
} from './exchange-commands.ts';
import { libraryRemove, libraryRollback, printLibraryFailures, printLibraryStatus } from './library-command.ts';
import { libraryBackup, libraryBackups, libraryTidy, libraryVerify, restoreWords } from './maintenance-commands.ts';
import { libraryMigrate } from './migrate-command.ts';
import { count, counts } from './option-values.ts';
import { runToExit } from './run-to-exit.ts';
import { readContext, withApp } from './with-app.ts';

export function addLibrary(program: Command): void {
  const library = program.command('library').description('manage the index');
  library
    .command('status')
    .description('show the library, the index, the model and the last run')
    .action(() => withApp((app) => printLibraryStatus(app)));
  library
    .command('failures')
    .description('list the tracks that failed, with reasons')
    .action(() => withApp((app) => printLibraryFailures(app)));
  library
    .command('remove')
    .description('exclude a track from all answers, at once and permanently')
    .argument('<key...>')
    .action((keys: string[]) => withApp((app) => libraryRemove(app, keys)));
  library
    .command('rollback')
    .description('switch to the previous generation of the index')
    .action(() => withApp((app) => libraryRollback(app)));
  library
    .command('migrate')
    .description('write the index again in another engine, from the catalog, without embedding')
    .requiredOption('--to <engine>', 'faiss, or milvus://host:port/prefix')
    .action(({ to }: { to: string }) =>
      withApp((app, signal) => libraryMigrate(app, to, signal), { changes: { VECTOR_INDEX: to } }),
    );
  addMaintenance(library);
  addExchange(library);
  addClusters(library);
}

function addMaintenance(library: Command): void {
  library
    .command('verify')
    .description('check the catalog, generations and stray files, and fix what can be fixed')
    .option('--deep', 'also check every vector and every byte of every recording')
    .action((options: { deep?: true }) => withApp((app, signal) => libraryVerify(app, options, signal)));
  library
    .command('backup')
    .description('back up the catalog; other programs may go on using it')
    .argument('[place]', 'a folder, or azure://account/container/prefix; default: BACKUPS')
    .option('--keep <n>', 'keep only this many of the newest backups', count)
    .action((place: string | undefined, options: { keep?: number }) =>
      withApp((app, signal) => libraryBackup(app, place, options.keep, signal)),
    );
  library
    .command('backups')
    .description('list the backups in BACKUPS')
    .action(() => withApp((app, signal) => libraryBackups(app, signal)));
  library
    .command('restore')
    .description('replace the catalog with a backup and rebuild the index from it; the previous catalog is kept')
    .argument('<backup>', 'a file, a name that `backups` lists, or azure://account/container/prefix/name')
    .action((backup: string) =>
      runToExit(async (signal) => {
        const { config, context } = readContext();
        const restored = await restoreBackup(config, backup, signal);
        await using app = await buildApp(config, context);
        const generations = await app.generations.rebuildAll(signal);
        process.stdout.write(`${restoreWords({ ...restored, generations }).join('\n')}\n`);
        return 0;
      }),
    );
  library
    .command('tidy')
    .description('delete expired answers, clips and removed tracks; the bot does this at TIDY_CRON')
    .action(() => withApp((app, signal) => libraryTidy(app, signal)));
  library
    .command('erase-user')
    .description("delete what is stored about a Discord user, as the user's /privacy does")
    .argument('<id>', 'a Discord user id')
    .action((id: string) => withApp((app) => libraryEraseUser(app, id)));
}

function addExchange(library: Command): void {
  const format = () => new Option('--format <name>', 'default: by the file name extension').choices(formatNames);
  library
    .command('export')
    .description('export the index to a file: JSON Lines (.jsonl) or Parquet (.parquet)')
    .argument('<file>')
    .addOption(format())
    .option('--replace', 'overwrite an existing file')
    .action((file: string, options: ExportCommandOptions) =>
      withApp((app, signal) => exportCommand(app, file, options, signal)),
    );
  library
    .command('import')
    .description(
      'import vectors from JSON Lines, Parquet, a Python pickle (data only), or .npy with a .json of the same name',
    )
    .argument('<file>')
    .addOption(format())
    .option('--assume-model', 'assume the configured model for a file that does not name its model')
    .option('--replace', 'replace the vectors of existing tracks, and bring removed tracks back')
    .action((file: string, options: ImportCommandOptions) =>
      withApp((app, signal) => importCommand(app, file, options, signal)),
    );
}

function addClusters(library: Command): void {
  const clusters = library
    .command('clusters')
    .description('group all chunks by sound, and list the clusters that may not be music: applause, silence, talk')
    .option('--clips <dir>', 'write a few clips of each listed cluster to this folder')
    .option('--all', 'list all clusters, not only the suspicious ones')
    .action((options: ClustersCommandOptions) => withApp((app, signal) => clustersCommand(app, options, signal)));
  clusters
    .command('mark')
    .description('exclude a cluster, and later chunks that sound like it, from all answers; can be undone')
    .argument('<cluster...>', 'numbers from the last list', counts)
    .action((ids: number[]) => withApp((app, signal) => markClustersCommand(app, ids, signal)));
  clusters
    .command('unmark')
    .description('undo a mark')
    .argument('<mark>', 'number from the list of marks', count)
    .action((id: number) => withApp((app, signal) => liftMarkCommand(app, id, signal)));
  clusters
    .command('marked')
    .description('list the marks')
    .action(() => withApp((app) => listMarksCommand(app)));
}
