/** A proxy between the program and Azurite. Counts requests, and answers or cuts off those that a test selects. */
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { emulator } from './azurite.ts';

/** answer   this instead of asking Azurite;
 *  cutAfter  the connection is cut when so many bytes of the body have passed */
export interface Intervention {
  readonly answer?: { readonly status: number; readonly code?: string; readonly headers?: Record<string, string> };
  readonly cutAfter?: number;
  /** Delay before the request is handled. */
  readonly delayMs?: number;
}

export type Intervene = (request: { readonly method: string; readonly url: URL }) => Intervention | null;

export class AzureProxy implements AsyncDisposable {
  readonly endpoint: string;
  /** Method and path with query, in the order in which they came. */
  readonly requests: string[] = [];
  /** Of bodies that were answered. */
  bytes = 0;
  intervene: Intervene = () => null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${emulator.account}`;
  }

  static async start(azuritePort: number): Promise<AzureProxy> {
    const proxies: AzureProxy[] = [];
    const server = createServer((request, response) => proxies[0]?.pass(request, response, azuritePort));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new AzureProxy(server);
    proxies.push(proxy);
    return proxy;
  }

  pass(request: IncomingMessage, response: ServerResponse, port: number): void {
    const { method = '', url: path = '' } = request;
    this.requests.push(`${method} ${path}`);
    const act = this.intervene({ method, url: new URL(path, 'http://azurite') }) ?? {};
    const go = () => {
      if (act.answer) refuse(request, response, act.answer);
      else this.#forward(request, response, port, act.cutAfter ?? Number.POSITIVE_INFINITY);
    };
    if (act.delayMs === undefined) go();
    else setTimeout(go, act.delayMs);
  }

  #forward(request: IncomingMessage, response: ServerResponse, port: number, cutAfter: number): void {
    const { method, url: path, headers } = request;
    const onward = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      let passed = 0;
      answer.on('data', (block: Buffer) => {
        const rest = block.subarray(0, Math.max(0, cutAfter - passed));
        passed += block.length;
        this.bytes += rest.length;
        if (!response.write(rest)) {
          answer.pause();
          response.once('drain', () => answer.resume());
        }
        if (passed > cutAfter) response.write('', () => response.destroy());
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
      response.on('close', () => answer.destroy());
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Azure's form of an error answer. */
function refuse(request: IncomingMessage, response: ServerResponse, answer: NonNullable<Intervention['answer']>): void {
  const { status, code = '', headers = {} } = answer;
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>No.\nRequestId:0</Message></Error>`;
  request.resume();
  request.on('end', () => {
    const isHead = request.method === 'HEAD';
    response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code, ...headers });
    response.end(isHead ? undefined : body);
  });
}
