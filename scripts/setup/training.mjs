/** Makes a Python environment with training/requirements.txt in the cache, for the tests of the training. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { install } from './apt.mjs';
import { at, onPath, run, SetupError, say, tail } from './common.mjs';

export function installTraining(stamp, program, remember) {
  const environment = at('.cache/training-python');
  const requirements = readFileSync(at('training/requirements.txt'));
  const training = createHash('sha256').update(requirements).digest('hex');
  if (stamp.training === training && existsSync(path.join(environment, 'bin/python'))) return;
  say(
    'Set-up: installing the requirements of the training (PyTorch takes minutes, and gigabytes without a CPU build) ...',
  );
  if (!onPath('python3')) throw new SetupError('Missing: python3, 3.11 or newer, with its venv module.');
  if (run('python3', ['-m', 'venv', environment]).status !== 0) {
    install([{ packages: ['python3-venv'], why: "the training's Python environment" }], program);
    const made = run('python3', ['-m', 'venv', '--clear', environment]);
    if (made.status !== 0) throw new SetupError(`Cannot make a Python environment:\n${tail(made)}`);
  }
  const pip = run(path.join(environment, 'bin/pip'), ['install', '-q', '-r', at('training/requirements.txt')]);
  if (pip.status !== 0) throw new SetupError(`Cannot install training/requirements.txt:\n${tail(pip)}`);
  // Of MusiCNN only the weights are needed, not TensorFlow. Without them its tests are skipped.
  run(path.join(environment, 'bin/pip'), ['install', '-q', '--no-deps', 'musicnn==0.1.0']);
  remember({ training });
}
