/** The FAISS binding: downloads a prebuilt one, or compiles it against the system's FAISS. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { at, run, SetupError, say, tail } from './common.mjs';

const bindingPath = at('node_modules/faiss-node/build/Release/faiss-node.node');
const prebuildTimeoutMs = 60_000;

export function hasBinding() {
  return existsSync(bindingPath);
}

/** Tests in a separate process that the binding loads and searches, because a bad one would crash this process. */
export function bindingWorks(node) {
  if (!hasBinding()) return false;
  const proof =
    "const {IndexFlatIP}=require('faiss-node');const i=new IndexFlatIP(2);i.add([1,0,0,1]);" +
    'process.exit(i.search([0,1],1).labels[0]===1?0:1)';
  return run(node, ['-e', proof]).status === 0;
}

/** Does the first step of the package's own install script. The timeout is for machines that cannot reach its release page. */
export function downloadBinding(node) {
  const script = at('node_modules/prebuild-install/bin.js');
  const options = { cwd: at('node_modules/faiss-node'), timeout: prebuildTimeoutMs };
  return run(node, [script, '--runtime', 'napi'], options).status === 0 && bindingWorks(node);
}

/** Compiles the single source file of the npm package. */
export function compileBinding(node) {
  say('Set-up: compiling the faiss-node binding against the system FAISS (a minute) ...');
  mkdirSync(path.dirname(bindingPath), { recursive: true });
  const args = [
    ...['-std=c++17', '-O3', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS'],
    ...['-include', at('scripts/faiss-shim.h')],
    ...[`-I${at('node_modules/node-api-headers/include')}`, `-I${at('node_modules/node-addon-api')}`],
    ...[at('node_modules/faiss-node/src/faiss.cc'), '-o', bindingPath],
    ...['-lfaiss', '-lopenblas', '-fopenmp'],
  ];
  const result = run('g++', args);
  if (result.status !== 0 || !bindingWorks(node)) {
    throw new SetupError(`Cannot build the faiss-node binding:\n${tail(result)}`);
  }
}
