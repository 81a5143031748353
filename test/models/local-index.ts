/** A Python package index on loopback: pages of projects, and their files on another origin, as PyPI has them. */
import Fastify from 'fastify';
import { type Asked, listen, sendRange, sha256Of, type Trick } from './local-hub.ts';

export interface IndexTricks {
  page?: Trick;
  file?: Trick;
  /** The form of the pages. Default: JSON, which PyPI prefers; mirrors often have HTML only. */
  form?: 'json' | 'html';
  /** The address of a file on its page. Default: absolute, with its hash as fragment. */
  link?: (name: string, origin: string) => string;
}

export class LocalIndex implements AsyncDisposable {
  readonly asked: (Omit<Asked, 'at'> & { readonly at: 'page' | 'file' })[] = [];
  /** project -> file name -> content */
  readonly projects: Record<string, Record<string, Buffer>> = {};
  tricks: IndexTricks = {};
  /** As in PIP_INDEX_URL. */
  url = '';
  filesOrigin = '';
  readonly #pages = Fastify({ forceCloseConnections: true });
  readonly #files = Fastify({ forceCloseConnections: true });

  static async open(): Promise<LocalIndex> {
    const index = new LocalIndex();
    index.#pages.get('/simple/:project/', async (request, reply) => {
      const nth = index.#note('page', request);
      if (await index.tricks.page?.(request, reply, nth)) return reply;
      const files = index.projects[(request.params as { project: string }).project];
      if (!files) return reply.code(404).send('Not found');
      const links = Object.entries(files).map(([name, bytes]) => ({ filename: name, url: index.#link(name, bytes) }));
      if (index.tricks.form === 'html') {
        const anchors = links.map(
          ({ filename, url }) => `<a href="${url.replaceAll('&', '&amp;')}">${filename}</a><br>`,
        );
        return reply.type('text/html').send(`<!DOCTYPE html><html><body>${anchors.join('\n')}</body></html>`);
      }
      const body = { meta: { 'api-version': '1.1' }, name: 'tiny', files: links };
      return reply.type('application/vnd.pypi.simple.v1+json').send(JSON.stringify(body));
    });
    index.#files.get('/packages/:name', async (request, reply) => {
      const nth = index.#note('file', request);
      if (await index.tricks.file?.(request, reply, nth)) return reply;
      const { name } = request.params as { name: string };
      const bytes = Object.values(index.projects).flatMap((files) => files[name] ?? [])[0];
      if (!bytes) return reply.code(404).send('Not found');
      return sendRange(request, reply, bytes, `"${sha256Of(bytes)}"`, {});
    });
    index.url = `${await listen(index.#pages)}/simple`;
    index.filesOrigin = await listen(index.#files);
    return index;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pages.close(), this.#files.close()]);
  }

  #link(name: string, bytes: Buffer): string {
    const { link } = this.tricks;
    return link ? link(name, this.filesOrigin) : `${this.filesOrigin}/packages/${name}#sha256=${sha256Of(bytes)}`;
  }

  #note(at: 'page' | 'file', request: { url: string; headers: Record<string, unknown> }): number {
    const nth = this.asked.filter((asked) => asked.at === at).length;
    const [range, authorization] = [request.headers.range, request.headers.authorization] as (string | undefined)[];
    this.asked.push({ at, path: request.url, range, authorization });
    return nth;
  }
}
