/** Brings what a fresh Debian or Ubuntu machine lacks, and is instant when nothing is missing.
 *
 *  Runs before every program, on whatever Node the host has (20 or newer), and so imports nothing but Node itself. In order:
 *  packages (npm install), Node 24 for this folder, ffmpeg and what else comes with apt, the faiss-node binding, and for
 *  the tests of the training a Python environment. Root installs with apt; everybody else is told the one command, before
 *  the packages are installed. A stamp in node_modules remembers each step as it is done.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { install, missingOf } from './apt.mjs';
import { at, isRoot, readJson, root, SetupError, say } from './common.mjs';
import { bindingWorks, compileBinding, downloadBinding, hasBinding } from './faiss-binding.mjs';
import { findNode, installNode } from './node.mjs';
import { installPackages } from './packages.mjs';
import { installTraining } from './training.mjs';

const stampPath = at('node_modules', '.leitmotif-setup.json');

/** @param program for whose sake, in messages
 *  @param needs of: development (tests, linters), sample-library, browser, training
 *  @returns the path of the Node that runs the program
 *  @throws {SetupError} what the user has to do */
export function setUp({ program, needs }) {
  if (!existsSync(at('package-lock.json'))) throw new SetupError(`Cannot set up: no package-lock.json in ${root}`);
  const stamp = readJson(stampPath);
  const wanted = ['ffmpeg', ...['sample-library', 'browser', 'training'].filter((need) => needs.includes(need))];
  const isBindingKnown = stamp.binding === true && hasBinding();
  refuseEarly(program, wanted, isBindingKnown);
  const remember = (done) => {
    Object.assign(stamp, done);
    writeFileSync(stampPath, JSON.stringify(stamp));
  };

  const isFresh = installPackages(stamp, needs.includes('development'), remember);
  const node = findNode() ?? installNode();
  const isBindingReady = (isBindingKnown && hasBinding()) || bindingWorks(node) || downloadBinding(node);
  install(missingOf(isBindingReady ? wanted : ['ffmpeg', 'faiss', ...wanted.slice(1)]), program);
  if (!isBindingReady) compileBinding(node);
  if (stamp.binding !== true) remember({ binding: true });
  if (needs.includes('training')) installTraining(stamp, program, remember);
  if (isFresh || !isBindingKnown) say('Set-up: done.');
  return node;
}

/** Names everything at once to a user who cannot install it, before npm takes its minutes. Only FAISS's packages may turn
 *  out not to be needed, where the ready-made binding can be downloaded: alone, they are asked for after that was tried. */
function refuseEarly(program, wanted, isBindingKnown) {
  if (isRoot || missingOf(wanted).length === 0) return;
  const all = isBindingKnown ? wanted : ['ffmpeg', 'faiss', ...wanted.slice(1)];
  install(missingOf(all), program, missingOf(['browser']));
}
