/** Starts real servers of the Open Inference Protocol over a folder that `npm run models -- triton` wrote. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../support/free-port.ts';
import { environmentOf, type PythonEnvironment, pythonLibrary } from './environments.ts';
import { ServerProcess } from './server-process.ts';

export const openInferenceKinds = ['triton', 'mlserver', 'kserve'] as const;
export type OpenInferenceKind = (typeof openInferenceKinds)[number];

export interface OpenInferenceServer extends AsyncDisposable {
  readonly url: string;
  readonly process: ServerProcess;
  /** Takes a model out of service, and back. */
  unload(model: string): Promise<void>;
  load(model: string): Promise<void>;
}

const equipment = path.join(import.meta.dirname, 'python');

interface Place {
  readonly environment: PythonEnvironment;
  /** The folder for Triton. */
  readonly repository: string;
  readonly models: readonly string[];
  /** For files of the server; removed by the caller. */
  readonly scratch: string;
  readonly port: number;
}

/** @returns the running server, or why there is none */
export async function startOpenInference(
  kind: OpenInferenceKind,
  place: Pick<Place, 'repository' | 'models' | 'scratch'>,
): Promise<OpenInferenceServer | { missing: string }> {
  const environment = await environmentOf(kind);
  if ('missing' in environment) return environment;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = { triton, mlserver, kserve }[kind]({ ...place, environment, port });
  const process = await ServerProcess.start({ ...(await started), readyUrl: `${url}/v2/health/ready` });
  const ask = async (model: string, action: string): Promise<void> => {
    const answer = await fetch(`${url}/v2/repository/models/${model}/${action}`, { method: 'POST' });
    if (!answer.ok) throw new Error(`Cannot ${action} ${model}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  return {
    url,
    process,
    unload: (model) => ask(model, 'unload'),
    load: (model) => ask(model, 'load'),
    [Symbol.asyncDispose]: () => process.kill(),
  };
}

async function triton({ environment, repository, models, scratch, port }: Place) {
  const [packages = '', library = ''] = await Promise.all([
    environment.evaluate("sysconfig.get_path('purelib')"),
    environment.evaluate(pythonLibrary),
  ]);
  const version = await environment.evaluate("f'{sys.version_info[0]}.{sys.version_info[1]}'", 'sys');
  const from = path.join(packages, 'pytriton/tritonserver');
  const backends = path.join(scratch, 'backends');
  const python = path.join(backends, 'python');
  cpSync(path.join(from, 'backends/python'), python, { recursive: true });
  const stub = 'triton_python_backend_stub';
  const sharedMemory = `leitmotif-triton-${port}-`;
  cpSync(path.join(from, 'python_backend_stubs', version, stub), path.join(python, stub));
  cpSync(path.join(equipment, 'onnxruntime'), path.join(backends, 'onnxruntime'), { recursive: true });
  return {
    program: path.join(from, 'bin/tritonserver'),
    args: [
      ...[`--model-repository=${repository}`, `--backend-directory=${backends}`],
      ...['--model-control-mode=explicit', ...models.map((name) => `--load-model=${name}`)],
      ...['--http-address=127.0.0.1', `--http-port=${port}`, '--allow-grpc=false', '--allow-metrics=false'],
      ...['onnxruntime', 'python'].map((name) => `--backend-config=${name},shm-region-prefix-name=${sharedMemory}`),
    ],
    sharedMemory,
    environment: {
      PATH: `${path.join(environment.folder, 'bin')}:${process.env.PATH}`,
      PYTHONPATH: packages,
      LD_LIBRARY_PATH: `${path.dirname(library)}:${path.join(packages, 'nvidia_pytriton.libs')}`,
    },
  };
}

/** Its adaptive batching gathers requests of several callers. */
const [gatherMax, gatherSec] = [8, 0.05];

async function mlserver({ environment, repository, models, scratch, port }: Place) {
  const folder = path.join(scratch, 'mlserver');
  const write = (file: string, settings: object): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), JSON.stringify(settings));
  };
  const grpcPort = await freePort();
  write('settings.json', {
    ...{ host: '127.0.0.1', http_port: port, grpc_port: grpcPort, metrics_endpoint: null },
    ...{ parallel_workers: 0, debug: false },
  });
  for (const name of models) {
    write(`${name}/model-settings.json`, {
      ...{ name, implementation: 'onnx_mlserver.OnnxModel', max_batch_size: gatherMax, max_batch_time: gatherSec },
      parameters: {
        uri: path.join(repository, name, '1/model.onnx'),
        // Many models of MLServer declare no tensors.
        extra: { declares: name !== undeclaredModel },
      },
    });
  }
  return {
    program: environment.program('mlserver'),
    args: ['start', folder],
    environment: { PYTHONPATH: equipment },
    folder,
  };
}

/** The model that MLServer serves without metadata of its tensors. */
export const undeclaredModel = 'wav2vec2-random';

async function kserve({ environment, repository, port }: Place) {
  return {
    program: environment.program('python'),
    args: [path.join(equipment, 'onnx_kserve.py'), '--http_port', String(port), '--models_dir', repository],
  };
}
