/** The configuration of the engine that runs the model's network. */
import { hasCredentials, isThisMachine } from './urls.ts';
import { invalid } from './values.ts';
import type { Values } from './variables.ts';

/** The engine type with its address and credentials. */
export function engineOf(v: Values) {
  const problems = [...engineProblems(v), ...(v.EMBEDDING_ENGINE === 'databricks' ? databricksProblems(v) : [])];
  if (problems.length > 0) throw invalid(problems);
  const requestsMax = v.REMOTE_REQUESTS;
  if (v.EMBEDDING_ENGINE === 'open-inference') {
    const [url, model, token] = [v.OPEN_INFERENCE_URL ?? '', v.OPEN_INFERENCE_MODEL ?? null, v.OPEN_INFERENCE_TOKEN];
    return Object.freeze({ type: 'open-inference' as const, url, model, token: token ?? null, requestsMax });
  }
  if (v.EMBEDDING_ENGINE === 'onnx') return Object.freeze({ type: 'onnx' as const });
  const url = v.DATABRICKS_URL ?? '';
  const access =
    v.DATABRICKS_TOKEN === undefined
      ? {
          workspaceUrl: v.DATABRICKS_HOST ?? new URL(url).origin,
          clientId: v.DATABRICKS_CLIENT_ID ?? '',
          clientSecret: v.DATABRICKS_CLIENT_SECRET ?? '',
        }
      : { token: v.DATABRICKS_TOKEN };
  return Object.freeze({ type: 'databricks' as const, url, access: Object.freeze(access), requestsMax });
}

/** Finds variables that contradict each other. DATABRICKS_TOKEN and similar ones may be set for other programs, so they are
 *  not checked. */
function engineProblems(v: Values): string[] {
  const problems: string[] = [];
  for (const [engine, name] of [
    ['open-inference', 'OPEN_INFERENCE_URL'],
    ['databricks', 'DATABRICKS_URL'],
  ] as const) {
    const [wanted, url] = [v.EMBEDDING_ENGINE === engine, v[name]];
    if (wanted && url === undefined) problems.push(`${name}: EMBEDDING_ENGINE=${engine} needs it`);
    if (!wanted && url !== undefined) {
      problems.push(
        `${name}: is set, but EMBEDDING_ENGINE is ${v.EMBEDDING_ENGINE}; expected ${engine}, or no ${name}`,
      );
    }
    if (wanted && url !== undefined && hasCredentials(url)) {
      problems.push(`${name}: expected an address without user and password`);
    }
  }
  return problems;
}

function databricksProblems(v: Values): string[] {
  const problems: string[] = [];
  const [id, secret] = [v.DATABRICKS_CLIENT_ID !== undefined, v.DATABRICKS_CLIENT_SECRET !== undefined];
  const hasToken = v.DATABRICKS_TOKEN !== undefined;
  if (hasToken && (id || secret)) {
    problems.push('DATABRICKS_TOKEN: expected it or DATABRICKS_CLIENT_ID with DATABRICKS_CLIENT_SECRET, got both');
  } else if (!hasToken && id !== secret) {
    problems.push(`DATABRICKS_CLIENT_${id ? 'SECRET' : 'ID'}: DATABRICKS_CLIENT_${id ? 'ID' : 'SECRET'} needs it`);
  } else if (!hasToken && !id) {
    problems.push('DATABRICKS_TOKEN: expected it, or DATABRICKS_CLIENT_ID with DATABRICKS_CLIENT_SECRET');
  }
  for (const name of ['DATABRICKS_URL', 'DATABRICKS_HOST'] as const) {
    const url = v[name];
    // Over http the token or the client secret would be readable on the network.
    if (url?.startsWith('http:') && !isThisMachine(url)) problems.push(`${name}: expected https, got "${url}"`);
  }
  const url = v.DATABRICKS_URL;
  if (url === undefined) return problems;
  const { pathname } = new URL(url);
  // MLflow's own server, to try a model before it is registered, has /invocations.
  if (!/^((\/\d+)?\/serving-endpoints\/[^/]+)?\/invocations$/.test(pathname)) {
    problems.push(`DATABRICKS_URL: expected it to end in /serving-endpoints/NAME/invocations, got "${url}"`);
  } else if (/^\/\d+\//.test(pathname) && id && v.DATABRICKS_HOST === undefined) {
    problems.push(
      "DATABRICKS_HOST: expected the workspace's address, because a route-optimised DATABRICKS_URL does not contain it",
    );
  }
  return problems;
}
