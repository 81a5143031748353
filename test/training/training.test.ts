import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const folder = path.join(import.meta.dirname, '../../training');

/** TRAINING_PYTHON names the interpreter of the environment in which training/requirements.txt was installed. */
const python = process.env.TRAINING_PYTHON ?? 'python3';
const needed = ['torch', 'numpy', 'scipy', 'onnx', 'onnxruntime', 'mido', 'pytest'];
const found = spawnSync(python, ['-c', `import ${needed.join(', ')}`], { encoding: 'utf8' });
const missing = found.status === 0 ? null : (found.stderr?.trim().split('\n').at(-1) ?? `${python} is not there`);
if (missing !== null) {
  console.warn(
    `The tests of the training are skipped: ${missing}. Install training/requirements.txt and name its interpreter with TRAINING_PYTHON.`,
  );
}

describe.skipIf(missing !== null)('the training, in Python', () => {
  const tests = readdirSync(path.join(folder, 'tests')).filter((name) => name.startsWith('test_'));

  test.each(tests)('%s', { timeout: 240_000 }, (name) => {
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', path.join('tests', name)];
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' };
    const { status, stdout, stderr } = spawnSync(python, args, { cwd: folder, env, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).not.toContain('failed');
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});
