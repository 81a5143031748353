/** A workspace with one Model Serving endpoint, as documented: tokens, OAuth client credentials, `inputs` to
 *  `predictions`, 16 MB a request, errors as `{"error_code", "message"}`. */
import { type Answer, type Fault, FaultyServer, type Seen } from './faulty-server.ts';
import type { ServedNetwork } from './networks.ts';

export interface DatabricksServerOptions {
  readonly network: ServedNetwork;
  /** How the model was logged: with named tensors or without. */
  readonly inputs?: 'named' | 'bare';
  readonly predictions?: 'rows' | 'records' | 'columns';
  readonly bytesMax?: number;
  /** Tokens that are accepted in addition to issued ones. */
  readonly tokens?: Set<string>;
  readonly client?: { readonly id: string; readonly secret: string };
  /** Lifetime of issued tokens. */
  tokenLifeSec?: number;
  /** Faults of the token endpoint, one a request. */
  readonly tokenFaults?: Answer[];
  /** Resolves when the inference with this number may be answered. */
  readonly wait?: (inference: number) => Promise<unknown>;
}

export interface DatabricksServer extends FaultyServer {
  /** The bodies of token requests. */
  readonly tokenRequests: URLSearchParams[];
}

export const endpointPath = '/serving-endpoints/clap/invocations';
export const routePath = `/1234567890${endpointPath}`;

export async function databricksServer(options: DatabricksServerOptions): Promise<DatabricksServer> {
  const workspace = new Workspace(options);
  const server = await FaultyServer.start(
    ({ seen, body, path }, fault) => workspace.answer(seen, body, path, fault),
    (path) => path.endsWith('/invocations'),
  );
  return Object.assign(server, { tokenRequests: workspace.tokenRequests });
}

class Workspace {
  readonly tokenRequests: URLSearchParams[] = [];
  readonly #options: DatabricksServerOptions;
  readonly #tokens: Set<string>;
  #inferences = 0;

  constructor(options: DatabricksServerOptions) {
    this.#options = options;
    this.#tokens = options.tokens ?? new Set();
  }

  async answer(seen: Seen, body: Buffer, path: string, fault: Fault | undefined): Promise<Answer> {
    if (path === '/oidc/v1/token') return this.#token(seen, body);
    if (path !== endpointPath && path !== routePath) {
      return refusal(404, 'RESOURCE_DOES_NOT_EXIST', 'The endpoint does not exist, retry after checking its name');
    }
    const [, token = ''] = /^Bearer (.+)$/.exec(seen.headers.authorization ?? '') ?? [];
    if (!this.#tokens.has(token))
      return refusal(401, 'UNAUTHENTICATED', 'Credential was not sent or was of an unsupported type');
    const { bytesMax = 16_000_000, wait } = this.#options;
    if (body.length > bytesMax)
      return refusal(413, 'MAX_REQUEST_SIZE_EXCEEDED', `Request is larger than ${bytesMax} bytes`);
    const number = this.#inferences++;
    const items = this.#itemsOf(body);
    if (items === null) return refusal(400, 'BAD_REQUEST', 'Incompatible input types: model expects other inputs');
    seen.items = items.length;
    await wait?.(number);
    const right = await this.#options.network.compute(items);
    return this.#predictions(fault?.kind === 'rows' ? fault.change(right) : right);
  }

  #token(seen: Seen, body: Buffer): Answer {
    const { client, tokenFaults, tokenLifeSec = 3_600 } = this.#options;
    const form = new URLSearchParams(body.toString('utf8'));
    this.tokenRequests.push(form);
    const fault = tokenFaults?.shift();
    if (fault) return fault;
    const basic = Buffer.from(`${client?.id}:${client?.secret}`).toString('base64');
    if (!client || seen.headers.authorization !== `Basic ${basic}`) {
      return json({ error: 'invalid_client', error_description: 'Client authentication failed' }, 401);
    }
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'all-apis') {
      return json({ error: 'invalid_request' }, 400);
    }
    const token = `token-${this.tokenRequests.length}`;
    this.#tokens.add(token);
    return json({ access_token: token, token_type: 'Bearer', expires_in: tokenLifeSec, scope: 'all-apis' });
  }

  #itemsOf(body: Buffer): Float32Array[] | null {
    const { network, inputs: form = 'named' } = this.#options;
    const { inputs } = JSON.parse(body.toString('utf8')) as { inputs: unknown };
    const named = !Array.isArray(inputs);
    if (named !== (form === 'named')) return null;
    const items = named ? (inputs as Record<string, unknown[]>)[network.input.name] : inputs;
    if (!Array.isArray(items) || items.length === 0) return null;
    if (!items.every((item) => shapeOf(item).join() === network.input.itemShape.join())) return null;
    return items.map((item) => Float32Array.from((item as unknown[]).flat(9) as number[]));
  }

  #predictions(rows: readonly Float32Array[]): Answer {
    const { network, predictions = 'rows' } = this.#options;
    const lists = rows.map((row) => nested([...row], network.output.itemShape));
    const { name } = network.output;
    const listed = predictions === 'rows' ? lists : lists.map((list) => ({ [name]: list }));
    return json({ predictions: predictions === 'columns' ? { [name]: lists } : listed });
  }
}

function nested(values: number[], itemShape: readonly number[]): unknown[] {
  const width = itemShape.at(-1) ?? values.length;
  if (itemShape.length === 1) return values;
  return Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
}

function shapeOf(item: unknown): number[] {
  return Array.isArray(item) ? [item.length, ...shapeOf(item[0])] : [];
}

function refusal(status: number, code: string, message: string): Answer {
  return json({ error_code: code, message }, status);
}

/** NaN is written bare, as MLflow does. */
function json(value: object, status = 200): Answer {
  const body = JSON.stringify(value, (_, each) => (Number.isNaN(each) ? 'a bare NaN' : each));
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: body.replaceAll('"a bare NaN"', 'NaN'),
  };
}
