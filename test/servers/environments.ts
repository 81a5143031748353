/** Inference servers from PyPI, each in a Python environment of its own in the cache folder, created on first use. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { lackingEnvironment } from '../../local-discord/test/other-clients/python.ts';
import { mlflowVersions } from '../../src/models/mlflow-model.ts';
import { projectRoot } from '../support/library.ts';

const run = promisify(execFile);
/** Downloads of 60 to 150 MB. */
const installMaxMs = 600_000;
/** One version for all, the one that an endpoint of MLflow installs. */
const onnxruntime = `onnxruntime==${mlflowVersions.onnxruntime}`;

interface Environment {
  readonly name: string;
  readonly packages: readonly string[];
  /** What has to run. */
  readonly check: string;
}

/** Triton's Python backend embeds the interpreter's shared library. */
const pythonLibrary = 'os.path.join(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME"))';

const environments = {
  // NVIDIA's package brings Triton 2.51 (24.10) without the backends of its images. Its other dependencies are those of its clients.
  triton: {
    name: 'pytriton-0.7.0',
    packages: ['--no-deps', 'numpy==1.26.4', onnxruntime, 'nvidia-pytriton==0.7.0'],
    check: `import ctypes, os, sysconfig, onnxruntime; ctypes.CDLL(${pythonLibrary})`,
  },
  mlserver: {
    name: 'mlserver-1.7.1',
    packages: [onnxruntime, 'mlserver==1.7.1'],
    check: 'import mlserver, onnxruntime',
  },
  kserve: { name: 'kserve-0.21.0', packages: [onnxruntime, 'kserve==0.21.0'], check: 'import kserve, onnxruntime' },
  // The scoring server also imports pandas, which the small package does not declare.
  mlflow: {
    name: `mlflow-${mlflowVersions.mlflow}`,
    packages: [
      onnxruntime,
      `numpy==${mlflowVersions.numpy}`,
      'pandas==3.1.1',
      `mlflow-skinny==${mlflowVersions.mlflow}`,
    ],
    check: 'import mlflow.pyfunc.scoring_server, onnxruntime',
  },
} as const satisfies Record<string, Environment>;

export type ServerKind = keyof typeof environments;

export interface PythonEnvironment {
  readonly folder: string;
  /** Path of one of its programs. */
  program(name: string): string;
  /** What Python prints for an expression. */
  evaluate(expression: string, imports?: string): Promise<string>;
}

/** @returns the environment, or why there is none */
export async function environmentOf(kind: ServerKind): Promise<PythonEnvironment | { missing: string }> {
  const { name, packages, check } = environments[kind];
  const folder = path.join(projectRoot, '.cache', name);
  const python = path.join(folder, 'bin/python');
  const works = () => run(python, ['-c', check]);
  const missing = await lackingEnvironment({ folder, packages, installMaxMs, works });
  if (missing !== null) return { missing };
  return {
    folder,
    program: (file) => path.join(folder, 'bin', file),
    evaluate: async (expression, imports = 'os, sysconfig') => {
      const { stdout } = await run(python, ['-c', `import ${imports}; print(${expression})`]);
      return stdout.trim();
    },
  };
}

export { pythonLibrary };
