/** Installs the client of Milvus (milvus-sdk/), which is needed only where VECTOR_INDEX names a Milvus server: 72 MB. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { at, run, SetupError, say, tail } from './common.mjs';

/** Whether the environment or .env names a Milvus server. */
export function namesMilvus() {
  const file = at('.env');
  const line = existsSync(file) ? /^\s*VECTOR_INDEX\s*=\s*(.*)$/m.exec(readFileSync(file, 'utf8')) : null;
  return /^['"]?milvus:/.test(process.env.VECTOR_INDEX ?? line?.[1] ?? '');
}

export function installMilvus(stamp, remember) {
  const milvus = createHash('sha256')
    .update(readFileSync(at('milvus-sdk/package-lock.json')))
    .digest('hex');
  if (stamp.milvus === milvus && existsSync(at('milvus-sdk/node_modules/@zilliz/milvus2-sdk-node'))) return;
  say("Set-up: installing Milvus's client (72 MB) ...");
  const flags = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = run('npm', ['ci', '--prefix', at('milvus-sdk'), ...flags]);
  if (result.status !== 0) throw new SetupError(`Cannot install Milvus's client: npm failed.\n${tail(result)}`);
  remember({ milvus });
}
