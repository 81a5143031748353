/** A network behind a Databricks Model Serving endpoint. */

import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import { ClientCredentialsToken, givenToken, type TokenSource } from './access-token.ts';
import { type InputForm, invocationBody, invocationOverheadBytes, readPredictions } from './databricks-codec.ts';
import { answerFailure, RemoteFailure, startFailure, statusFailure } from './failures.ts';
import { Guard, type GuardEvents, type GuardLimits } from './guard.ts';
import { type RemoteAnswer, RemoteHttp } from './http.ts';
import { itemsToJson } from './json-tensor.ts';
import { batchMaxOf, itemLengthOf, type RemoteNetwork } from './network.ts';
import { answerBytesMaxOf, checkInputs } from './open-inference.ts';

export type DatabricksAccess =
  | { readonly token: string }
  | { readonly workspaceUrl: string; readonly clientId: string; readonly clientSecret: string };

export interface DatabricksOptions {
  /** The endpoint's invocations address: `https://<workspace>/serving-endpoints/<name>/invocations`, or its route-optimised
   *  address, `https://<id>.<shard>.serving.<domain>/<workspace id>/serving-endpoints/<name>/invocations`. */
  readonly url: string;
  readonly access: DatabricksAccess;
  readonly spec: NetworkSpec;
  /** Largest number of concurrent requests. */
  readonly inFlightMax: number;
  readonly limits?: Partial<GuardLimits>;
  readonly events: GuardEvents;
}

export const databricksLimits: GuardLimits = {
  attemptMs: 60_000,
  patienceMs: 90_000,
  // An endpoint that was scaled to zero starts a machine and loads the model: seconds on a CPU, minutes with a GPU. The
  // service limits a request to 297 s, and scales to zero after half an hour without requests.
  coldAttemptMs: 297_000,
  coldPatienceMs: 330_000,
  coldAfterMs: 600_000,
  pauseMs: 500,
  pauseMaxMs: 10_000,
  failuresMax: 3,
  openMs: 15_000,
};

/** Largest request, in bytes: 16 MB, about 20 CLAP windows of 64,064 numbers as JSON.
 *  @see https://docs.databricks.com/aws/en/machine-learning/model-serving/model-serving-limits */
const requestBytesMax = 16_000_000;
/** A number with nine digits, a point, a sign and a comma; a few also have an exponent. */
const numberBytes = 12;
const address = 'DATABRICKS_URL names the endpoint';
const rejected = 'npm run models -- mlflow writes the model that the worker expects there';

export class DatabricksNetwork implements RemoteNetwork {
  readonly device: string;
  readonly #options: DatabricksOptions;
  readonly #http: RemoteHttp;
  readonly #guard: Guard;
  readonly #tokens: TokenSource;
  #form: InputForm = 'named';
  /** Shrinks when the server accepts less. */
  #bytesMax = requestBytesMax;

  constructor(options: DatabricksOptions) {
    this.#options = options;
    const { host, pathname } = new URL(options.url);
    this.device = `databricks ${endpointNameOf(pathname)}@${host}`;
    // One more, to renew the token while all others are in use.
    this.#http = new RemoteHttp(options.inFlightMax + 1);
    this.#guard = new Guard(this.device, { ...databricksLimits, ...options.limits }, options.events);
    const { access, url } = options;
    this.#tokens =
      'token' in access
        ? givenToken(access.token)
        : new ClientCredentialsToken(this.#http, { ...access, routeId: routeIdOf(url) });
  }

  get trouble(): string | null {
    return this.#guard.trouble;
  }

  get batchMax(): number {
    const itemBytes = itemLengthOf(this.#options.spec) * numberBytes;
    return Math.max(1, Math.min(batchMaxOf(this.#options.spec), Math.floor(this.#bytesMax / itemBytes)));
  }

  /** An endpoint offers only predictions, so one item of zeros checks token, name, form and shape, and starts an endpoint that
   *  was scaled to zero. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#findForm(signal);
    } catch (error) {
      const refused =
        'token' in this.#options.access
          ? 'DATABRICKS_TOKEN has the token'
          : 'DATABRICKS_CLIENT_ID names the service principal; it needs the right to query the endpoint';
      throw startFailure(error, { address, refused, rejected });
    }
  }

  async #findForm(signal: AbortSignal): Promise<void> {
    const item = new Float32Array(itemLengthOf(this.#options.spec));
    const texts = await itemsToJson([item], this.#options.spec.input.itemShape, signal);
    const tryForm = async (form: InputForm): Promise<void> => {
      this.#form = form;
      await this.#guard.persist((attempt) => this.#invoke(texts, attempt), signal, { infers: true });
    };
    try {
      await tryForm('named');
    } catch (named) {
      if (!isFormatRejected(named)) throw named;
      await tryForm('bare').catch((bare: unknown) => {
        throw isFormatRejected(bare) ? named : bare;
      });
    }
  }

  async infer(inputs: readonly Float32Array[], signal: AbortSignal): Promise<Float32Array[]> {
    const { spec } = this.#options;
    checkInputs(inputs, spec);
    const texts = await itemsToJson(inputs, spec.input.itemShape, signal);
    const rows: Float32Array[] = [];
    for (let at = 0; at < texts.length; ) {
      const part = this.#partOf(texts, at);
      rows.push(...(await this.#inferPart(part, signal)));
      at += part.length;
    }
    return rows;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** As many items as fit into one request, at least one. */
  #partOf(texts: readonly Buffer[], from: number): Buffer[] {
    let bytes = invocationOverheadBytes;
    let to = from;
    while (to < texts.length && (to === from || bytes + (texts[to]?.length ?? 0) + 1 <= this.#bytesMax)) {
      bytes += (texts[to]?.length ?? 0) + 1;
      to++;
    }
    return texts.slice(from, to);
  }

  /** Halves a part that is too large for the server, and sends no larger part later. */
  async #inferPart(texts: readonly Buffer[], signal: AbortSignal): Promise<Float32Array[]> {
    try {
      return await this.#guard.run((attempt) => this.#invoke(texts, attempt), signal);
    } catch (error) {
      if (!(error instanceof RemoteFailure) || error.status !== 413 || texts.length === 1) throw error;
      const half = Math.ceil(texts.length / 2);
      const halfBytes = texts.slice(0, half).reduce((sum, { length }) => sum + length + 1, invocationOverheadBytes);
      this.#bytesMax = Math.min(this.#bytesMax, halfBytes);
      const first = await this.#inferPart(texts.slice(0, half), signal);
      return [...first, ...(await this.#inferPart(texts.slice(half), signal))];
    }
  }

  async #invoke(texts: readonly Buffer[], signal: AbortSignal): Promise<Float32Array[]> {
    const { spec } = this.#options;
    const body = invocationBody(texts, spec, this.#form);
    let token = await this.#tokens.get(signal);
    let answer = await this.#send(body, token, signal);
    if (answer.status === 401 && this.#tokens.refuse(token)) {
      // The token expired early or was revoked: one retry with a new one. If that is refused too, the cause is another.
      token = await this.#tokens.get(signal);
      answer = await this.#send(body, token, signal);
    }
    if (answer.status !== 200) throw statusFailure(this.device, answer);
    try {
      return readPredictions(spec, texts.length, answer.body);
    } catch (error) {
      throw answerFailure(this.device, error instanceof Error ? error.message : String(error), error);
    }
  }

  #send(body: Buffer, token: string, signal: AbortSignal): Promise<RemoteAnswer> {
    return this.#http.request({
      method: 'POST',
      url: this.#options.url,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      answerBytesMax: answerBytesMaxOf(this.#options.spec, batchMaxOf(this.#options.spec)),
      signal,
    });
  }
}

function isFormatRejected(error: unknown): boolean {
  return error instanceof RemoteFailure && (error.status === 400 || error.status === 422);
}

function endpointNameOf(pathname: string): string {
  return /\/serving-endpoints\/([^/]+)\/invocations$/.exec(pathname)?.[1] ?? pathname;
}

/** A route-optimised address starts with the endpoint's id and has the workspace's number before the usual path.
 *  @returns null for a workspace address */
export function routeIdOf(url: string): string | null {
  const { hostname, pathname } = new URL(url);
  return /^\/\d+\/serving-endpoints\//.test(pathname) ? (hostname.split('.')[0] ?? null) : null;
}
