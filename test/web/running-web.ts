/** The real web API over a small real library: fastify on loopback, worker, ONNX, FAISS, SQLite, ffmpeg. */

import { afterAll, beforeAll } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { makeLog } from '../../src/io/log.ts';
import { apiKeysOf, type RunningWeb, startWeb, type WebOptions } from '../../src/web/start.ts';
import { engineEnvironment } from '../support/engine.ts';
import { atFullPriority, makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';

export interface TestWeb extends AsyncDisposable {
  readonly web: RunningWeb;
  readonly url: string;
  readonly logged: string[];
  /** Fetches a path; a key goes into the Authorization header. */
  call(path: string, options?: RequestInit & { readonly key?: string }): Promise<Response>;
}

/** No cool-down, so that a test can send two queries. */
const quick = {
  ...{ QUERY_COOLDOWN_SEC: '0', WEB_PORT: '0', WEB_REQUESTS_PER_MINUTE: '100000' },
  ...atFullPriority,
};

export async function makeWeb(
  library: Pick<TestLibrary, 'indexDir'>,
  environment: Readonly<Record<string, string>> = {},
  options: Pick<WebOptions, 'streams' | 'page' | 'sessions'> = {},
): Promise<TestWeb> {
  const config = readConfig(
    { INDEX_DIR: library.indexDir, ...quick, ...engineEnvironment, ...environment },
    projectRoot,
  );
  const logged: string[] = [];
  const log = makeLog('info', { destination: { write: (line: string) => void logged.push(line) } });
  const place = { root: projectRoot, environment: process.env, log };
  const app = await buildApp(config, { ...place, catalogBusyTimeoutMs: 10, mediaThread: true });
  const stopApp = () => app.close();
  try {
    const web = await startWeb({ services: app, ...place, ...options });
    return {
      web,
      url: web.url,
      logged,
      call: (path, { key, headers, ...rest } = {}) =>
        fetch(new URL(path, web.url), {
          ...rest,
          headers: {
            ...(headers as Record<string, string>),
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          },
        }),
      async [Symbol.asyncDispose]() {
        await web.stop();
        await stopApp();
      },
    };
  } catch (error) {
    await stopApp();
    throw error;
  }
}

/** One library and one server for the tests of a file.
 *  @param use called before the tests */
export function useWeb(use: (made: { readonly library: TestLibrary; readonly web: TestWeb }) => void): void {
  const ending = new AsyncDisposableStack();
  beforeAll(async () => {
    const library = ending.use(await makeLibrary());
    use({ library, web: ending.use(await makeWeb(library)) });
  });
  afterAll(() => ending.disposeAsync());
}

export function addKey(
  library: Pick<TestLibrary, 'indexDir'>,
  name: string,
  scope: 'query' | 'admin',
  expiresAtMs: number | null = null,
) {
  return apiKeysOf(library.indexDir).add(name, scope, expiresAtMs, Date.now());
}

export interface SeenQuery {
  readonly id: string;
  readonly state: string;
  readonly self: string;
  readonly events: string;
  readonly permanent: string | null;
  readonly picture: string | null;
  readonly error: { readonly code: string; readonly status: number } | null;
  readonly fromMemory: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API, checked by each test.
  readonly answer: any;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API, checked by each test.
  readonly wordsAnswer: any;
}

/** Polls until the query has ended. */
export async function ended({ call }: TestWeb, self: string, key?: string): Promise<SeenQuery> {
  for (;;) {
    const seen = (await (await call(self, key === undefined ? {} : { key })).json()) as SeenQuery;
    if (seen.state !== 'waiting' && seen.state !== 'running') return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function formOf(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  fields: Readonly<Record<string, string>> = {},
): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('audio', new Blob([bytes], { type: 'audio/mpeg' }), name);
  return form;
}

export function postJson(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
