/** The web API's entry: serves it, and manages its API keys. */
import './io/while-starting.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { buildApp } from './app.ts';
import { runToExit } from './cli/run-to-exit.ts';
import { loadDotEnv, readConfig } from './config/config.ts';
import { forgetSecrets } from './config/secrets.ts';
import { makeLog } from './io/log.ts';
import { versionOf } from './io/version.ts';
import { endInOrder } from './io/while-starting.ts';
import { interactive } from './services/program-context.ts';
import { type Scope, scopes } from './web/keys.ts';
import { addKey, listKeys, revokeKey } from './web/keys-command.ts';
import { startWeb } from './web/start.ts';

const root = path.resolve(import.meta.dirname, '..');
loadDotEnv(root);

/** Set by main.ts when it starts the web server together with a bot. */
const backendSocket = process.env.LEITMOTIF_BACKEND;

/** The page's sources and bundler are loaded when the page is opened. The bot's image has none, and serves the API only. */
const page = existsSync(path.join(root, 'web/page-build.ts'))
  ? { page: async () => (await import('../web/page-build.ts')).buildPage() }
  : {};

async function serve(signal: AbortSignal): Promise<number> {
  // The parent process is gone, so nothing else would stop this one.
  endInOrder(() => process.kill(process.pid, 'SIGTERM'));
  const config = readConfig(process.env, root);
  forgetSecrets(process.env);
  const log = makeLog(config.botLogLevel, { name: 'web' });
  await using app = await buildApp(config, { root, environment: process.env, log, ...interactive, backendSocket });
  const web = await startWeb({ services: app, log, root, environment: process.env, ...page });
  // The demo prints the address. Its channel alone would keep this process alive after the end.
  process.send?.({ url: web.url });
  process.channel?.unref();
  const who = web.isOpen
    ? 'Everybody on this machine may do everything; no API key is needed.'
    : 'Callers need an API key.';
  process.stdout.write(
    `Leitmotif is at ${web.url}\nIts REST API is at ${web.url}/api/v1, described at ${web.url}/api/docs\n${who}\n`,
  );
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await web.stop();
  return 0;
}

const keysOf = () => readConfig(process.env, root).indexDir;
const program = new Command('leitmotif web')
  .description(
    'The web app and the REST API over the indexed library. Set environment variables or write them to .env; WEB_HOST and WEB_PORT say where.',
  )
  .version(versionOf(root))
  .action(() => runToExit(serve));
const keys = program.command('keys').description('manage the API keys');
keys
  .command('add')
  .description('make a key and print it; it is not shown again')
  .argument('<name>', 'whose key it is')
  .addOption(new Option('--scope <scope>', 'what it may do').choices(scopes).default('query'))
  .option('--days <n>', 'days until it expires; default: never')
  .action((name: string, options: { scope: Scope; days?: string }) => runToExit(() => addKey(keysOf(), name, options)));
keys
  .command('list')
  .description('list the keys, without the secrets')
  .action(() => runToExit(() => listKeys(keysOf())));
keys
  .command('revoke')
  .description('end a key at once')
  .argument('<name>', 'its name or id')
  .action((name: string) => runToExit(() => revokeKey(keysOf(), name)));

await program.parseAsync();
