/** The demo's entry. Without options: the bot on a local Discord. With --once: one run in the terminal. */
import { Command } from 'commander';
import { runToExit } from './cli/run-to-exit.ts';
import { loadDotEnv, readConfig } from './config/config.ts';
import { root } from './demo/sample.ts';
import { versionOf } from './io/version.ts';

const { once } = new Command('demo')
  .description('Demonstrate Leitmotif with two hours of real music')
  .version(versionOf(root))
  .option('--once', 'run two queries in the terminal and exit, without Discord')
  .parse()
  .opts<{ once?: true }>();

loadDotEnv(root);
await runToExit(async (signal) => {
  const config = readConfig(process.env, root);
  // Imported on demand, so that the terminal run does not load discord.js.
  if (once) return (await import('./demo/terminal-run.ts')).terminalRun(config, process.env, signal);
  return (await import('./demo/discord-run.ts')).discordRun(config, process.env, signal);
});
