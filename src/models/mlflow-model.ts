/** Writes a model's network as an MLflow model, which MLflow and Databricks Model Serving load: `<dir>/<model>/` with MLmodel, the
 *  requirements, `code/leitmotif_network.py` and `data/model.onnx`. Its input is what the worker's Databricks engine sends.
 *
 *  The files are written here because MLflow would be a Python environment of 300 MB for five short texts.
 *  @see https://mlflow.org/docs/latest/ml/model/
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Model } from './manifest.ts';
import { type WrittenFolder, writeNetworkFolder } from './network-folder.ts';
import { networkSpecOf } from './network-spec.ts';

/** What the endpoint installs: the versions that `npm run test:servers` runs. */
export const mlflowVersions = { python: '3.11', mlflow: '3.17.2', numpy: '2.4.6', onnxruntime: '1.32.0' } as const;

const weights = 'data/model.onnx';
const loader = 'leitmotif_network';

/** @param dir folder of MLflow models; see writeNetworkFolder, also for what it throws */
export async function writeMlflowModel(dir: string, model: Model, windowSec: number): Promise<WrittenFolder> {
  const code = await readFile(path.join(import.meta.dirname, 'mlflow', `${loader}.py`), 'utf8');
  const { python, ...packages } = mlflowVersions;
  const requirements = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
  const files = {
    MLmodel: mlmodel(model, windowSec),
    'requirements.txt': lines(requirements),
    'python_env.yaml': lines([`python: "${python}"`, 'dependencies:', '  - -r requirements.txt']),
    'conda.yaml': lines([
      'channels:',
      '  - conda-forge',
      'dependencies:',
      `  - python=${python}`,
      '  - pip',
      '  - pip:',
      ...requirements.map((requirement) => `      - ${requirement}`),
    ]),
    [`code/${loader}.py`]: code,
  };
  return writeNetworkFolder(dir, model, { weights, files });
}

/** The text of MLmodel: how to load it, and the tensors that it takes and gives. Unity Catalog requires both. */
export function mlmodel(model: Pick<Model, 'manifest'>, windowSec: number): string {
  const { input, output } = networkSpecOf(model, windowSec);
  const { name, version } = model.manifest;
  const outputShape = output.overTime ? [-1, output.dimensions] : [output.dimensions];
  return lines([
    `# ${name} ${version}, windows of ${windowSec} s.`,
    'flavors:',
    '  python_function:',
    `    loader_module: ${loader}`,
    '    code: code',
    `    data: ${weights}`,
    '    config:',
    `      input: ${JSON.stringify(input.name)}`,
    `      output: ${JSON.stringify(output.name)}`,
    '    env:',
    '      conda: conda.yaml',
    '      virtualenv: python_env.yaml',
    `    python_version: "${mlflowVersions.python}"`,
    `mlflow_version: ${mlflowVersions.mlflow}`,
    'signature:',
    `  inputs: '${tensors(input.name, input.itemShape)}'`,
    `  outputs: '${tensors(output.name, outputShape)}'`,
  ]);
}

/** One float32 tensor with any number of items, as MLflow writes it. */
function tensors(name: string, itemShape: readonly number[]): string {
  const tensor = { dtype: 'float32', shape: [-1, ...itemShape] };
  return JSON.stringify([{ name, type: 'tensor', 'tensor-spec': tensor }]).replaceAll("'", "''");
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
