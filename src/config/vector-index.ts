/** VECTOR_INDEX: which engine has the vectors of the index. */
import path from 'node:path';
import { invalid } from './values.ts';
import type { Values } from './variables.ts';

/** @throws {LeitmotifError} 'config-invalid' about variables that contradict each other */
export function vectorIndexOf(v: Values, root: string) {
  if (v.VECTOR_INDEX === 'faiss') return Object.freeze({ engine: 'faiss' as const });
  const problems = accessProblems(v);
  if (problems.length > 0) throw invalid(problems);
  return Object.freeze({ engine: 'milvus' as const, milvus: milvusOf(v.VECTOR_INDEX, v, root) });
}

function milvusOf(place: string, v: Values, root: string) {
  const { host, pathname } = new URL(place);
  return Object.freeze({
    address: host,
    prefix: pathname.slice(1),
    user: v.MILVUS_USER ?? null,
    password: v.MILVUS_PASSWORD ?? null,
    token: v.MILVUS_TOKEN ?? null,
    tls: v.MILVUS_TLS,
    caFile: v.MILVUS_CA === undefined ? null : path.resolve(root, v.MILVUS_CA),
    database: v.MILVUS_DATABASE,
    indexType: v.MILVUS_INDEX,
    recallMin: v.MILVUS_RECALL_MIN,
  });
}

/** Variables without VECTOR_INDEX may be set for other programs, so they are checked only with it. */
function accessProblems(v: Values): string[] {
  const problems: string[] = [];
  const [user, password] = [v.MILVUS_USER !== undefined, v.MILVUS_PASSWORD !== undefined];
  if (v.MILVUS_TOKEN !== undefined && (user || password)) {
    problems.push('MILVUS_TOKEN: expected it or MILVUS_USER with MILVUS_PASSWORD, got both');
  } else if (user !== password) {
    problems.push(`MILVUS_${user ? 'PASSWORD' : 'USER'}: MILVUS_${user ? 'USER' : 'PASSWORD'} needs it`);
  }
  if (v.MILVUS_CA !== undefined && !v.MILVUS_TLS) problems.push('MILVUS_CA: expected MILVUS_TLS=true with it');
  return problems;
}
