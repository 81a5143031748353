/** `npm run models -- triton DIR` */
import path from 'node:path';
import type { ModelsContext } from './models-command.ts';

export async function modelsTriton(
  { models, selected, windowSec }: ModelsContext,
  dir: string,
  options: { model?: string },
): Promise<number> {
  const name = options.model ?? selected;
  const repository = path.resolve(dir);
  const { folder, isLinked } = await models.writeTriton(repository, name, windowSec);
  const lines = [
    `Wrote ${folder}, for windows of ${windowSec} s.`,
    isLinked ? 'Its weights are a link to the file here and take no extra space.' : 'Its weights are a copy.',
    `tritonserver --model-repository=${repository} serves it. Then set for the worker:`,
    '  EMBEDDING_ENGINE=open-inference',
    '  OPEN_INFERENCE_URL=http://HOST:8000',
    `  EMBEDDING_MODEL=${name}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
