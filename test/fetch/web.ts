/** A small web for these tests: real servers on loopback, names with scripted addresses, and some addresses that count as private. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Network } from '../../src/fetch/guarded-request.ts';

export type Page = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands for every private address; 127.0.0.1 stands for every public one. */
export const privateAddress = '127.0.0.2';

export class Web implements AsyncDisposable {
  readonly asked: { path: string; headers: IncomingMessage['headers'] }[] = [];
  readonly resolved: string[] = [];
  /** Addresses of each name: the nth lookup gets the nth entry, and the last entry stays. */
  readonly names: Record<string, readonly (readonly string[])[]> = {};
  readonly #pages: Record<string, Page>;
  readonly #server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://any');
    this.asked.push({ path: request.url ?? '', headers: request.headers });
    const page = this.#pages[pathname];
    if (page) page(request, response);
    else response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Nothing here</html>');
  });
  port = 0;

  static async open(pages: Record<string, Page>): Promise<Web> {
    const web = new Web(pages);
    // Listens on all of 127/8, so that a "private" address would answer a request.
    await new Promise<void>((resolve) => web.#server.listen(0, '0.0.0.0', resolve));
    web.port = (web.#server.address() as AddressInfo).port;
    return web;
  }

  private constructor(pages: Record<string, Page>) {
    this.#pages = pages;
  }

  link(path: string, host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  readonly network: Network = {
    resolve: (name, done) => {
      const answers = this.names[name] ?? [];
      const nth = this.resolved.filter((each) => each === name).length;
      this.resolved.push(name);
      const addresses = answers[Math.min(nth, answers.length - 1)];
      if (!addresses) done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
      else
        done(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
    },
    isAllowed: (address) => address === '127.0.0.1',
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
