/** Reads the configuration and gives commands the services they use. */
import path from 'node:path';
import { buildApp } from '../app.ts';
import { type Config, readConfig } from '../config/config.ts';
import { forgetSecrets } from '../config/secrets.ts';
import { makeLog } from '../io/log.ts';
import { buildModels } from '../services/models.ts';
import type { ProgramContext } from '../services/program-context.ts';
import type { Services } from '../services/services.ts';
import type { ModelsContext } from './models-command.ts';
import { onWaiting, runToExit } from './run-to-exit.ts';

export const projectRoot = path.resolve(import.meta.dirname, '../..');

/** Runs a command with an app, which it closes in every case. Ctrl-C aborts the signal. */
export function withApp(
  command: (services: Services, signal: AbortSignal) => Promise<number>,
  changes: Readonly<Record<string, string>> = {},
): Promise<void> {
  return runToExit(async (signal) => {
    const { config, context } = readContext(changes);
    await using app = await buildApp(config, context);
    return await command(app, signal);
  });
}

/** @param changes variables that an option sets */
export function readContext(changes: Readonly<Record<string, string>> = {}): {
  readonly config: Config;
  readonly context: ProgramContext;
} {
  const config = readConfig({ ...process.env, ...changes }, projectRoot);
  forgetSecrets(process.env);
  const log = makeLog(config.logLevel);
  return { config, context: { root: projectRoot, environment: process.env, log, onWaiting } };
}

/** Runs a command on models. It needs no app, because models need no catalog and no worker. */
export function withModels(command: (context: ModelsContext, signal: AbortSignal) => Promise<number>): Promise<void> {
  return runToExit(async (signal) => {
    const config = readConfig(process.env, projectRoot);
    forgetSecrets(process.env);
    const models = await buildModels(config, projectRoot);
    return await command(
      { models, selected: config.model, indexDir: config.indexDir, windowSec: config.windowSec },
      signal,
    );
  });
}
