/** Reads the configuration and gives commands the services they use. */
import path from 'node:path';
import { type Config, readConfig } from '../config/config.ts';
import { forgetSecrets } from '../config/secrets.ts';
import { makeLog } from '../io/log.ts';
import { OwnWorker } from '../services/own-worker.ts';
import type { ProgramContext } from '../services/program-context.ts';
import type { Services } from '../services/services.ts';
import type { ModelsContext } from './models-command.ts';
import { onWaiting, runToExit } from './run-to-exit.ts';

export const projectRoot = path.resolve(import.meta.dirname, '../..');

export interface WithAppOptions {
  /** Variables that an option sets. */
  readonly changes?: Readonly<Record<string, string>>;
  /** Whether the command certainly needs the embedding worker: then it starts at once, while the app's modules load. */
  readonly startsWorker?: boolean;
}

/** Runs a command with an app, which it closes in every case. Ctrl-C aborts the signal. */
export function withApp(
  command: (services: Services, signal: AbortSignal) => Promise<number>,
  { changes = {}, startsWorker = false }: WithAppOptions = {},
): Promise<void> {
  return runToExit(async (signal) => {
    const { config, context } = readContext(changes);
    const isHere = config.workerUrls.length === 0;
    await using ownWorker = startsWorker && isHere ? new OwnWorker(config, context, true) : null;
    const { buildApp } = await import('../app.ts');
    await using app = await buildApp(config, context, ownWorker);
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
    const { buildModels } = await import('../services/models.ts');
    const models = await buildModels(config, projectRoot);
    return await command(
      { models, selected: config.model, indexDir: config.indexDir, windowSec: config.windowSec },
      signal,
    );
  });
}
