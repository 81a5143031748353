/** Declares `npm run models -- ...` and its options. */
import path from 'node:path';
import type { Command } from 'commander';
import { type ModelsContext, modelsGet, modelsList, modelsRemove, modelsVerify } from './models-command.ts';
import { withModels } from './with-app.ts';

export function addModels(program: Command): void {
  const models = program.command('models').description('manage embedding models');
  models
    .command('list')
    .description('list present models and those to download')
    .option('--json', 'print one array instead of a table')
    .action((options: { json?: true }) => withModels((context) => modelsList(context, options)));
  models
    .command('get')
    .description('download a model, or resume an interrupted download')
    .argument('<name>', 'a name from `list`')
    .option('--text', 'with the text encoder, for searching by words')
    .option('--half', 'with the float16 weights for GPUs')
    .action((name: string, options: { text?: true; half?: true }) =>
      withModels((context, signal) => modelsGet(context, name, options, signal)),
    );
  models
    .command('verify')
    .description('check the files of one or all models against their hashes')
    .argument('[name]')
    .action((name: string | undefined) => withModels((context) => modelsVerify(context, name ?? null)));
  models
    .command('remove')
    .description('delete a downloaded model; its indexes stay')
    .argument('<name>')
    .action((name: string) => withModels((context, signal) => modelsRemove(context, name, signal)));
  models
    .command('triton')
    .description('write a present model as a folder for Triton')
    .argument('<dir>', "Triton's model repository; created if missing")
    .option('--model <name>', 'the model; default: EMBEDDING_MODEL')
    .action((dir: string, options: { model?: string }) =>
      withModels((context) => writeServed(context, 'triton', dir, options)),
    );
  models
    .command('mlflow')
    .description('write a present model as an MLflow model, for Databricks Model Serving')
    .argument('<dir>', 'folder of MLflow models; created if missing')
    .option('--model <name>', 'the model; default: EMBEDDING_MODEL')
    .action((dir: string, options: { model?: string }) =>
      withModels((context) => writeServed(context, 'mlflow', dir, options)),
    );
}

/** How each server is started, and the variables of the worker. */
const servers = {
  triton: (dir: string) => [
    `tritonserver --model-repository=${dir} serves it. Then set for the worker:`,
    '  EMBEDDING_ENGINE=open-inference',
    '  OPEN_INFERENCE_URL=http://HOST:8000',
  ],
  mlflow: (_: string, folder: string) => [
    `mlflow models serve --model-uri ${folder} --env-manager local tries it here.`,
    'docs/models.md says how to register it in Unity Catalog and create the endpoint. Then set for the worker:',
    '  EMBEDDING_ENGINE=databricks',
    '  DATABRICKS_URL=https://WORKSPACE/serving-endpoints/NAME/invocations',
    '  DATABRICKS_TOKEN=... (or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET)',
  ],
} as const;

async function writeServed(
  { models, selected, windowSec }: ModelsContext,
  server: keyof typeof servers,
  to: string,
  options: { model?: string },
): Promise<number> {
  const name = options.model ?? selected;
  const dir = path.resolve(to);
  const { folder, isLinked } = await models.writeServed(server, dir, name, windowSec);
  const lines = [
    `Wrote ${folder}, for windows of ${windowSec} s.`,
    isLinked ? 'Its weights are a link to the file here and take no extra space.' : 'Its weights are a copy.',
    ...servers[server](dir, folder),
    `  EMBEDDING_MODEL=${name}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
