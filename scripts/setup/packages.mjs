/** Installs the npm packages: those for running, and on request those of tests and linters. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { at, isWritable, onPath, outputOf, root, run, SetupError, say, tail } from './common.mjs';

/** Installs what is missing. Tests and linters, once installed, are kept up to date too.
 *  @param stamp changed: `lock` and `packages` ('run' or 'all')
 *  @returns whether anything was installed */
export function installPackages(stamp, wantsDevelopment, remember) {
  const lock = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  const packages = wantsDevelopment || stamp.packages === 'all' ? 'all' : 'run';
  const isThere = existsSync(at('node_modules/zod')) && (packages === 'run' || existsSync(at('node_modules/vitest')));
  if (stamp.lock === lock && (stamp.packages === packages || stamp.packages === 'all') && isThere) return false;
  checkWritable();
  say(`Set-up: installing packages${packages === 'all' ? ', with those of the tests' : ''} ...`);
  // Not `npm ci`: it refuses a lock file without the binaries of other platforms. The scope is explicit, because
  // NODE_ENV=production and the user's settings may change the default.
  const scope = packages === 'all' ? '--include=dev' : '--omit=dev';
  const flags = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--include=optional', '--include=peer'];
  const result = run('npm', ['install', scope, ...flags]);
  if (result.status !== 0) throw new SetupError(whyNpmFailed(result));
  removeUnused();
  remember({ lock, packages });
  return true;
}

/** Checks conditions that would let npm fail halfway. */
function checkWritable() {
  if (!onPath('npm'))
    throw new SetupError('Cannot install the packages: npm is missing. Install it (apt-get install npm).');
  for (const place of [root, at('node_modules')]) {
    if (existsSync(place) && !isWritable(place)) throw new SetupError(notWritable(place));
  }
}

function notWritable(place) {
  const owner = `sudo chown -R "$(id -un)" ${root}`;
  return `Cannot install the packages: ${place} cannot be written.\nMake it yours (${owner}), or use a copy of this folder that is.`;
}

function whyNpmFailed(result) {
  const text = outputOf(result);
  const cannotWrite = /\b(?:EACCES|EPERM|EROFS)\b/.test(text) || /ENOENT.*mkdir/.test(text);
  if (!cannotWrite)
    return `Cannot install the packages: npm failed.\n${tail(result)}\nCan this machine reach the npm registry?`;
  const cache = process.env.npm_config_cache ?? path.join(homedir(), '.npm');
  const place =
    /\bpath '?([^'\n]+)/.exec(text)?.[1] ?? /(?:mkdir|open|rename|unlink) '([^']+)'/.exec(text)?.[1] ?? cache;
  return (
    `Cannot install the packages: npm cannot write ${place}.\n` +
    `npm stores its downloads in ${cache}. Make that folder writable, or use another one: npm_config_cache=/tmp/npm ` +
    'npm run ...'
  );
}

/** Removes 380 MB of unused files: binaries for other systems, and the ONNX Runtime for browsers. */
function removeUnused() {
  const systems = at('node_modules/onnxruntime-node/bin/napi-v6');
  for (const system of foldersIn(systems)) {
    if (system !== process.platform) rmSync(path.join(systems, system), { recursive: true });
  }
  const here = path.join(systems, process.platform);
  for (const arch of foldersIn(here)) {
    if (arch !== process.arch) rmSync(path.join(here, arch), { recursive: true });
  }
  // @huggingface/transformers contains its own copy of the part that it uses on Node.
  rmSync(at('node_modules/onnxruntime-web/dist'), { recursive: true, force: true });
}

function foldersIn(place) {
  return existsSync(place) ? readdirSync(place) : [];
}
