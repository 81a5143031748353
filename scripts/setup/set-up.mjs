/** Installs missing requirements on Debian and Ubuntu. Takes no noticeable time when nothing is missing.
 *
 *  Runs before every program on the host's Node (20 or newer), and so imports only modules of Node. Order: packages (npm
 *  install), Node 24 for this folder, ffmpeg and other apt packages, the faiss-node binding, and a Python environment for
 *  the tests of the training. Root installs with apt. Other users get one command to run, before npm installs anything. A
 *  stamp in node_modules records each finished step.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { install, missingOf } from './apt.mjs';
import { at, isRoot, readJson, root, SetupError, say } from './common.mjs';
import { bindingWorks, compileBinding, downloadBinding, hasBinding } from './faiss-binding.mjs';
import { installMilvus, namesMilvus } from './milvus.mjs';
import { findNode, installNode } from './node.mjs';
import { installPackages } from './packages.mjs';
import { installTraining } from './training.mjs';

const stampPath = at('node_modules', '.leitmotif-setup.json');

/** @param program its name, for messages
 *  @param needs any of: development (tests, linters), sample-library, browser, training, milvus
 *  @returns the path of the Node that runs the program
 *  @throws {SetupError} with what the user must do */
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
  if (needs.includes('milvus') || namesMilvus()) installMilvus(stamp, remember);
  if (isFresh || !isBindingKnown) say('Set-up: done.');
  return node;
}

/** Lists all missing packages at once for users who cannot install them, before npm runs for minutes. If only the packages of
 *  FAISS are missing, it waits: the prebuilt binding may be downloadable. */
function refuseEarly(program, wanted, isBindingKnown) {
  if (isRoot || missingOf(wanted).length === 0) return;
  const all = isBindingKnown ? wanted : ['ffmpeg', 'faiss', ...wanted.slice(1)];
  install(missingOf(all), program, missingOf(['browser']));
}
