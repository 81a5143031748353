import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../support/library.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-served-'));
afterAll(() => rmSync(folder, { recursive: true }));

function models(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    PATH: process.env.PATH,
    MODELS_DIR: path.join(folder, 'models'),
    INDEX_DIR: path.join(folder, 'index'),
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(projectRoot, 'src/cli.ts'), 'models', ...args],
      { env },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

test('npm run models -- triton writes the selected model, and explains how to serve and use it', async () => {
  const repository = path.join(folder, 'repository');
  const { code, stdout } = await models('triton', repository);
  expect(code).toBe(0);
  expect(stdout).toContain(`tritonserver --model-repository=${repository}`);
  expect(stdout).toContain('EMBEDDING_MODEL=builtin');
  expect(readdirSync(path.join(repository, 'builtin')).sort()).toEqual(['1', 'config.pbtxt']);
  const shipped = path.join(projectRoot, 'embedding-worker/models/builtin/builtin.onnx');
  expect(readFileSync(path.join(repository, 'builtin/1/model.onnx')).equals(readFileSync(shipped))).toBe(true);
});

test('npm run models -- mlflow writes the selected model, and explains how to try and use it', async () => {
  const dir = path.join(folder, 'mlflow');
  const { code, stdout } = await models('mlflow', dir);
  expect(code).toBe(0);
  expect(stdout).toContain(`mlflow models serve --model-uri ${path.join(dir, 'builtin')}`);
  expect(stdout).toContain('DATABRICKS_URL=');
  expect(readdirSync(path.join(dir, 'builtin')).sort()).toEqual([
    ...['MLmodel', 'code', 'conda.yaml', 'data', 'python_env.yaml', 'requirements.txt'],
  ]);
});

test('npm run models -- triton names the present models when one is missing', async () => {
  const { code, stderr } = await models('triton', path.join(folder, 'other'), '--model', 'clap');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/"clap" is not here.*builtin/);
});
