/** The entry of the terminal commands. Each parses its options, calls one function and prints the result: results on stdout,
 *  everything else on stderr. */
import { Command } from 'commander';
import { callerFolder } from './cli/npm-folder.ts';
import { ignoreClosedPipes, runToExit } from './cli/run-to-exit.ts';
import { projectRoot } from './cli/with-app.ts';
import { loadDotEnv, readConfig } from './config/config.ts';
import { LeitmotifError } from './errors.ts';
import { versionOf } from './io/version.ts';

ignoreClosedPipes();
loadDotEnv(projectRoot);
const name = process.argv[2] ?? '';
const folder = callerFolder(process.env, { command: name, root: projectRoot, cwd: process.cwd() });
if (folder !== null) process.chdir(folder);

/** Adds a command to the program. */
type Add = (program: Command) => void;

/** In the order of the help. Only the command that is named is loaded, because all of them take a third of a second. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  similar: async () => (await import('./cli/similar-options.ts')).addSimilar,
  index: async () => (await import('./cli/index-options.ts')).addIndex,
  library: async () => (await import('./cli/library-options.ts')).addLibrary,
  models: async () => (await import('./cli/models-options.ts')).addModels,
  commands: async () => addCommands,
};

function addCommands(program: Command): void {
  program
    .command('commands')
    .description("register the bot's commands with Discord by hand")
    .action(() => runToExit(registerDiscordCommands));
}

/** Imports on demand, so that a name that is not a command does not wait for discord.js to load. */
async function registerDiscordCommands(): Promise<number> {
  const [{ allDefinitions }, { makeClient }, { registerByHand }] = await Promise.all([
    import('../commands/all.ts'),
    import('./discord/client.ts'),
    import('./discord/register.ts'),
  ]);
  const { token, apiUrl } = readConfig(process.env, projectRoot).discord;
  if (!token) throw new LeitmotifError('config-invalid', 'Cannot register commands: DISCORD_TOKEN is not set');
  const definitions = allDefinitions();
  const registered = await registerByHand(makeClient(apiUrl), token, definitions);
  process.stdout.write(
    `${registered} has ${definitions.length} commands now: ${definitions.map((d) => d.name).join(', ')}\n`,
  );
  return 0;
}

const program = new Command('leitmotif')
  .description('Finds music that sounds like a piece you give it.')
  .version(versionOf(projectRoot));
const named = Object.hasOwn(commands, name) ? commands[name] : undefined;
for (const load of named ? [named] : Object.values(commands)) (await load())(program);
await program.parseAsync();
