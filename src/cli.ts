/** The entry of the terminal commands. Each parses its options, calls one function and prints the result: results on stdout,
 *  everything else on stderr. */
import { Command } from 'commander';
import { type IndexCommandOptions, indexCommand } from './cli/index-command.ts';
import { addLibrary } from './cli/library-options.ts';
import { addModels } from './cli/models-options.ts';
import { callerFolder } from './cli/npm-folder.ts';
import { count, time } from './cli/option-values.ts';
import type { SimilarCommandOptions } from './cli/query-options.ts';
import { ignoreClosedPipes, runToExit } from './cli/run-to-exit.ts';
import { printSimilar } from './cli/similar-command.ts';
import { wordsCommand } from './cli/text-command.ts';
import { printByTracks } from './cli/tracks-command.ts';
import { projectRoot, withApp } from './cli/with-app.ts';
import { loadDotEnv, readConfig } from './config/config.ts';
import { focusNames, fusionNames } from './domain.ts';
import { LeitmotifError } from './errors.ts';
import { versionOf } from './io/version.ts';

ignoreClosedPipes();
loadDotEnv(projectRoot);
const folder = callerFolder(process.env, { command: process.argv[2], root: projectRoot, cwd: process.cwd() });
if (folder !== null) process.chdir(folder);

interface QueryOptions {
  readonly text?: string;
  readonly plus?: string[];
  readonly minus?: string[];
}

function commands(): Command {
  const program = new Command('leitmotif')
    .description('Finds music that sounds like a piece you give it.')
    .version(versionOf(projectRoot));
  program
    .command('similar')
    .description('search the library with a recording, with its own tracks, or with words')
    .argument('[file]', 'a file that ffmpeg can read')
    .option('--text <words>', 'search with words; requires a model with a text encoder, such as clap')
    .option('--plus <key...>', 'search with tracks of the library: the results resemble these')
    .option('--minus <key...>', 'with --plus: tracks that the results should not resemble')
    .option('--json', 'print one object instead of text')
    .option('--top <n>', 'number of results', count, 10)
    .option('--clips <dir>', 'write clips of the matching moments to this folder')
    .option('--picture <file>', 'write the match picture to this file, as PNG')
    .option('--fusion <name>', `ranking method: ${fusionNames.join(', ')}`)
    .option('--focus <part>', `what decides, if the model tells them apart: ${focusNames.join(', ')}`)
    .option('--from <time>', 'start of the part to search with (1:20 or 80)', time)
    .option('--to <time>', 'end of the part to search with', time)
    .action((file: string | undefined, options: SimilarCommandOptions & QueryOptions, command: Command) => {
      const { text, plus, minus = [], ...rest } = options;
      const ways = [file, text, plus].filter((way) => way !== undefined).length;
      if (ways !== 1) return command.error('error: expected either a file, --plus or --text');
      if (minus.length > 0 && plus === undefined) return command.error('error: expected --minus only with --plus');
      return withApp((app, signal) => {
        if (file !== undefined) return printSimilar(app, file, rest, signal);
        if (text !== undefined) return wordsCommand(app, text, rest, signal);
        return printByTracks(app, { plus: plus ?? [], minus }, rest, signal);
      });
    });
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
  addLibrary(program);
  addModels(program);
  program
    .command('commands')
    .description("register the bot's commands with Discord by hand")
    .action(() => runToExit(registerDiscordCommands));
  return program;
}

/** Imports on demand, so that other commands do not wait for discord.js to load. */
async function registerDiscordCommands(): Promise<number> {
  const [{ allDefinitions }, { makeClient }, { registerByHand }] = await Promise.all([
    import('../commands/all.ts'),
    import('./discord/client.ts'),
    import('./discord/register.ts'),
  ]);
  const { token, apiUrl } = readConfig(process.env, projectRoot).discord;
  if (!token) throw new LeitmotifError('config-invalid', 'Cannot register commands: DISCORD_TOKEN is not set');
  const definitions = allDefinitions();
  const name = await registerByHand(makeClient(apiUrl), token, definitions);
  process.stdout.write(
    `${name} has ${definitions.length} commands now: ${definitions.map((d) => d.name).join(', ')}\n`,
  );
  return 0;
}

await commands().parseAsync();
