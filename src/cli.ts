/** The terminal's entry: the same jobs as the bot's, from a command line. Parses, builds the app, calls one function,
 *  prints its result. Results go to stdout, everything else to stderr. */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { type App, buildApp } from './app.ts';
import {
  type ClustersCommandOptions,
  clustersCommand,
  liftMarkCommand,
  listMarksCommand,
  markClustersCommand,
} from './cli/clusters-command.ts';
import {
  type ExportCommandOptions,
  exportCommand,
  type ImportCommandOptions,
  importCommand,
} from './cli/exchange-commands.ts';
import { type IndexCommandOptions, indexCommand } from './cli/index-command.ts';
import { libraryFailures, libraryRemove, libraryRollback, libraryStatus } from './cli/library-command.ts';
import { libraryBackup, libraryBackups, libraryTidy, libraryVerify, restoreWords } from './cli/maintenance-commands.ts';
import { type ModelsContext, modelsGet, modelsList, modelsRemove, modelsVerify } from './cli/models-command.ts';
import { callersFolder } from './cli/npm-folder.ts';
import { onWaiting, runToExit } from './cli/run-to-exit.ts';
import { type SimilarCommandOptions, similarCommand } from './cli/similar-command.ts';
import { wordsCommand } from './cli/text-command.ts';
import { modelsTriton } from './cli/triton-command.ts';
import { type Config, loadDotEnv, readConfig } from './config/config.ts';
import { forgetSecrets } from './config/variables.ts';
import { fusionNames } from './domain.ts';
import { LeitmotifError } from './errors.ts';
import { formatNames } from './exchange/formats.ts';
import { parseTime } from './format.ts';
import { versionOf } from './io/version.ts';
import { buildModels } from './services/models.ts';
import { restoreBackup } from './services/restore-backup.ts';
import type { Surroundings } from './services/surroundings.ts';

const root = path.resolve(import.meta.dirname, '..');
loadDotEnv(root);
const folder = callersFolder(process.env, { command: process.argv[2], root, cwd: process.cwd() });
if (folder !== null) process.chdir(folder);

/** Runs one command with an app that is closed whatever happens, and with Ctrl-C as its signal. */
function withApp(command: (app: App, signal: AbortSignal) => Promise<number>): Promise<void> {
  return runToExit(async (signal) => {
    const { config, surroundings } = surroundingsOf();
    await using app = await buildApp(config, surroundings);
    return await command(app, signal);
  });
}

function surroundingsOf(): { readonly config: Config; readonly surroundings: Surroundings } {
  const config = readConfig(process.env, root);
  forgetSecrets(process.env);
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true }));
  return { config, surroundings: { root, environment: process.env, log, onWaiting } };
}

/** Without an app: no catalog and no worker are needed to look after models. */
function withModels(command: (context: ModelsContext, signal: AbortSignal) => Promise<number>): Promise<void> {
  return runToExit(async (signal) => {
    const config = readConfig(process.env, root);
    forgetSecrets(process.env);
    const models = await buildModels(config, root);
    return await command(
      { models, selected: config.model, indexDir: config.indexDir, windowSec: config.windowSec },
      signal,
    );
  });
}

const time = (text: string): number => orInvalid(() => parseTime(text));

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('Expected 1 to 1000.');
  return value;
}

/** One more of several. */
const counts = (text: string, before: number[] = []): number[] => [...before, count(text)];

function orInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function commands(): Command {
  const program = new Command('leitmotif')
    .description('Finds music that sounds like a piece you give it.')
    .version(versionOf(root));
  program
    .command('similar')
    .description('ask the library with a recording, or with words')
    .argument('[file]', 'anything that ffmpeg can read')
    .option('--text <words>', 'ask with words instead; the model must know some, as clap does')
    .option('--json', 'print one object instead of text')
    .option('--top <n>', 'how many pieces', count, 10)
    .option('--clips <dir>', 'write clips of the matching moments there')
    .option('--picture <file>', 'write the match picture there, as PNG')
    .option('--fusion <name>', `how hits become a ranking: ${fusionNames.join(', ')}`)
    .option('--from <time>', 'ask with a part: from here (1:20 or 80)', time)
    .option('--to <time>', 'to here', time)
    .action((file: string | undefined, options: SimilarCommandOptions & { text?: string }, command: Command) => {
      const { text, ...rest } = options;
      if (file !== undefined && text === undefined) {
        return withApp((app, signal) => similarCommand(app, file, rest, signal));
      }
      if (file === undefined && text !== undefined) {
        return withApp((app, signal) => wordsCommand(app, text, rest, signal));
      }
      return command.error('error: expected either a file or --text');
    });
  program
    .command('index')
    .description('index recordings; what has not changed is passed over')
    .argument(
      '[place...]',
      'a folder, file:/path, azure://account/container/prefix, or several as NAME=PLACE; a track is named by its path ' +
        'below it. None: what LIBRARY names',
    )
    .option('--exclude <glob...>', 'leave out what matches, for example "live/**"')
    .option('--retry-failed', 'try again what failed before, though it has not changed')
    .option('--allow-empty', 'believe that a folder which held recordings holds none')
    .option('--dry-run', 'say what would be added, changed, moved and removed, and do nothing')
    .option('--json', 'with --dry-run: print one object with every name')
    .option('--replace-library', 'index other libraries into this index; what is not in them counts as removed')
    .action((places: string[], options: IndexCommandOptions) =>
      withApp((app, signal) => indexCommand(app, places, options, signal)),
    );
  addLibrary(program);
  addModels(program);
  program
    .command('commands')
    .description("register the bot's commands with Discord by hand")
    .action(() => runToExit(registerDiscordCommands));
  return program;
}

function addLibrary(program: Command): void {
  const library = program.command('library').description('look after what is indexed');
  library
    .command('status')
    .description('what is there')
    .action(() => withApp((app) => libraryStatus(app)));
  library
    .command('failures')
    .description('what failed, and why')
    .action(() => withApp((app) => libraryFailures(app)));
  library
    .command('remove')
    .description('take a track out of all answers, at once and for good')
    .argument('<key...>')
    .action((keys: string[]) => withApp((app) => libraryRemove(app, keys)));
  library
    .command('rollback')
    .description('answer from the generation before the current one')
    .action(() => withApp((app) => libraryRollback(app)));
  addKeeping(library);
  addExchange(library);
  addClusters(library);
}

function addKeeping(library: Command): void {
  library
    .command('verify')
    .description('check catalog, generations and stray files, and mend what can be mended')
    .option('--deep', 'also every vector, and every recording from its first byte to its last')
    .action((options: { deep?: true }) => withApp((app, signal) => libraryVerify(app, options, signal)));
  library
    .command('backup')
    .description('copy the catalog, while everything goes on')
    .argument('[place]', 'a folder, or azure://account/container/prefix; unset: what BACKUPS says')
    .option('--keep <n>', 'remove all but the newest', count)
    .action((place: string | undefined, options: { keep?: number }) =>
      withApp((app, signal) => libraryBackup(app, place, options.keep, signal)),
    );
  library
    .command('backups')
    .description('list the backups that lie where BACKUPS says')
    .action(() => withApp((app, signal) => libraryBackups(app, signal)));
  library
    .command('restore')
    .description("put a backup in the catalog's place, and build from it what answers; what was there is kept aside")
    .argument('<backup>', 'a file, a name that `backups` lists, or azure://account/container/prefix/name')
    .action((backup: string) =>
      runToExit(async (signal) => {
        const { config, surroundings } = surroundingsOf();
        const restored = await restoreBackup(config, backup, signal);
        await using app = await buildApp(config, surroundings);
        const generations = await app.generations.rebuildAll(signal);
        process.stdout.write(`${restoreWords({ ...restored, generations }).join('\n')}\n`);
        return 0;
      }),
    );
  library
    .command('tidy')
    .description('forget answers, clips and removed tracks past their time; the bot does it by TIDY_CRON')
    .action(() => withApp((app, signal) => libraryTidy(app, signal)));
}

function addExchange(library: Command): void {
  const format = () => new Option('--format <name>', 'unset: by the end of the name').choices(formatNames);
  library
    .command('export')
    .description('write what is indexed to a file: JSON Lines (.jsonl) or Parquet (.parquet)')
    .argument('<file>')
    .addOption(format())
    .option('--replace', 'write over a file that is there')
    .action((file: string, options: ExportCommandOptions) =>
      withApp((app, signal) => exportCommand(app, file, options, signal)),
    );
  library
    .command('import')
    .description('take in vectors from JSON Lines, Parquet, a Python pickle (data only), or .npy with .json beside it')
    .argument('<file>')
    .addOption(format())
    .option('--assume-model', 'a file that does not say which model made its vectors: it was the configured one')
    .option('--replace', 'where a track has other vectors already, or was removed, take those of the file')
    .action((file: string, options: ImportCommandOptions) =>
      withApp((app, signal) => importCommand(app, file, options, signal)),
    );
}

function addClusters(library: Command): void {
  const clusters = library
    .command('clusters')
    .description('group all chunks by sound, and show the clusters that may not be music: applause, silence, talk')
    .option('--clips <dir>', 'write a few clips of each shown cluster there, to listen to')
    .option('--all', 'show every cluster, not only the suspicious ones')
    .action((options: ClustersCommandOptions) => withApp((app, signal) => clustersCommand(app, options, signal)));
  clusters
    .command('mark')
    .description('a cluster is not music: out of all answers, and what sounds like it later too; can be undone')
    .argument('<cluster...>', 'numbers of the list that was last shown', counts)
    .action((ids: number[]) => withApp((app, signal) => markClustersCommand(app, ids, signal)));
  clusters
    .command('unmark')
    .description('undo a mark')
    .argument('<mark>', 'its number in the list of marks', count)
    .action((id: number) => withApp((app, signal) => liftMarkCommand(app, id, signal)));
  clusters
    .command('marked')
    .description('list the marks')
    .action(() => withApp((app) => listMarksCommand(app)));
}

function addModels(program: Command): void {
  const models = program.command('models').description('look after the models that embed');
  models
    .command('list')
    .description('what is here and what can be downloaded')
    .option('--json', 'print one array instead of a table')
    .action((options: { json?: true }) => withModels((context) => modelsList(context, options)));
  models
    .command('get')
    .description('download a model; goes on where an earlier try was cut off')
    .argument('<name>', 'one of those that `list` names')
    .option('--text', 'with the side that turns words into vectors')
    .option('--half', 'with the same weights in float16, which GPUs may use')
    .action((name: string, options: { text?: true; half?: true }) =>
      withModels((context, signal) => modelsGet(context, name, options, signal)),
    );
  models
    .command('verify')
    .description('check the files of one model, or of all, against their hashes')
    .argument('[name]')
    .action((name: string | undefined) => withModels((context) => modelsVerify(context, name ?? null)));
  models
    .command('remove')
    .description('delete a downloaded model; indexes that were made with it stay')
    .argument('<name>')
    .action((name: string) => withModels((context, signal) => modelsRemove(context, name, signal)));
  models
    .command('triton')
    .description('write a model that is here as a folder that Triton serves')
    .argument('<dir>', "Triton's model repository; made if it is not there")
    .option('--model <name>', 'which; unset: EMBEDDING_MODEL')
    .action((dir: string, options: { model?: string }) => withModels((context) => modelsTriton(context, dir, options)));
}

/** Imported when asked for: the other commands should not wait for discord.js to load. */
async function registerDiscordCommands(): Promise<number> {
  const [{ allDefinitions }, { makeClient }, { registerByHand }] = await Promise.all([
    import('../commands/all.ts'),
    import('./discord/client.ts'),
    import('./discord/register.ts'),
  ]);
  const { token, apiUrl } = readConfig(process.env, root).discord;
  if (!token) throw new LeitmotifError('config-invalid', 'Cannot register commands: DISCORD_TOKEN is not set');
  const definitions = allDefinitions();
  const name = await registerByHand(makeClient(apiUrl), token, definitions);
  process.stdout.write(
    `${name} has ${definitions.length} commands now: ${definitions.map((d) => d.name).join(', ')}\n`,
  );
  return 0;
}

await commands().parseAsync();
