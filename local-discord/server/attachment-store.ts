/** The CDN: files on disk, served by signed links that expire. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import { sanitizedFileName } from './message-rules.ts';
import type { Snowflakes } from './snowflake.ts';
import type { StoredAttachment } from './world.ts';

/** Links are valid for about a day. They are signed per hour, so that a message that is shown again has the same links. */
const linkLifeSec = 24 * 3600;
const linkStepSec = 3600;
/** Limit on disk; the oldest files are deleted first. */
const storedBytesMax = 2 * 1024 ** 3;

export interface Upload {
  readonly name: string;
  readonly data: Buffer;
  readonly contentType: string;
}

interface StoreOptions {
  readonly clock: Clock;
  readonly ids: Snowflakes;
  readonly baseUrl: () => string;
}

export class AttachmentStore {
  readonly folder: string;
  readonly #options: StoreOptions;
  readonly #secret = randomBytes(32);
  /** Oldest first. */
  readonly #stored = new Map<string, { readonly contentType: string; readonly sizeBytes: number }>();
  #storedBytes = 0;

  static async open(options: StoreOptions): Promise<AttachmentStore> {
    return new AttachmentStore(await mkdtemp(path.join(tmpdir(), 'local-discord-')), options);
  }

  private constructor(folder: string, options: StoreOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** @param folder `attachments/CHANNEL` of a message, `ephemeral-attachments/APPLICATION` of a command's option */
  async save(upload: Upload, folder: string, description: string | null = null): Promise<StoredAttachment> {
    const id = this.#options.ids.next();
    const fileName = sanitizedFileName(upload.name);
    await writeFile(path.join(this.folder, id), upload.data);
    this.#stored.set(id, { contentType: upload.contentType, sizeBytes: upload.data.length });
    this.#storedBytes += upload.data.length;
    await this.#forgetOldest();
    return {
      id,
      fileName,
      title: fileName === upload.name ? null : upload.name.replace(/\.[^.]*$/, ''),
      description,
      contentType: upload.contentType,
      sizeBytes: upload.data.length,
      size: pngSize(upload.data),
      linkPath: `/${folder}/${id}/${fileName}`,
    };
  }

  contentType(attachmentId: string): string | undefined {
    return this.#stored.get(attachmentId)?.contentType;
  }

  link({ linkPath }: StoredAttachment): string {
    const issuedSec = Math.floor(this.#options.clock.nowMs() / 1000 / linkStepSec) * linkStepSec;
    const [ex, is] = [issuedSec + linkLifeSec, issuedSec].map((sec) => sec.toString(16));
    const hm = this.#sign(`${linkPath}?ex=${ex}&is=${is}`);
    // Discord's links end with an ampersand, which some parsers do not expect.
    return `${this.#options.baseUrl()}${linkPath}?ex=${ex}&is=${is}&hm=${hm}&`;
  }

  isValid(linkPath: string, { ex = '', is = '', hm = '' }: Readonly<Record<string, string>>): boolean {
    const expected = Buffer.from(this.#sign(`${linkPath}?ex=${ex}&is=${is}`));
    const given = Buffer.from(hm);
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    return isOurs && Number.parseInt(ex, 16) * 1000 > this.#options.clock.nowMs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #forgetOldest(): Promise<void> {
    for (const [id, { sizeBytes }] of this.#stored) {
      if (this.#storedBytes <= storedBytesMax) return;
      this.#stored.delete(id);
      this.#storedBytes -= sizeBytes;
      await rm(path.join(this.folder, id), { force: true });
    }
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('hex');
  }
}

/** Only for PNG, which has its size at a fixed position. */
function pngSize(data: Buffer): StoredAttachment['size'] {
  const isPng = data.length > 24 && data.subarray(1, 4).toString('latin1') === 'PNG';
  return isPng ? { width: data.readUInt32BE(16), height: data.readUInt32BE(20) } : null;
}

interface CdnRoute {
  Params: { folder: string; id: string; name: string };
  Querystring: Record<string, string>;
}

/** Serves the files by their signed links, with ranges, so that a player can seek. */
export async function cdn(
  app: FastifyInstance,
  { store, faults }: { readonly store: AttachmentStore; readonly faults: Faults },
): Promise<void> {
  await app.register(fastifyStatic, { root: store.folder, serve: false });
  for (const kind of ['attachments', 'ephemeral-attachments']) {
    app.get<CdnRoute>(`/${kind}/:folder/:id/:name`, async ({ params, query, raw, method }, reply) => {
      const { folder, id, name } = params;
      const linkPath = `/${kind}/${folder}/${id}/${name}`;
      const { fault, slowMs } = faults.draw(`${method} ${linkPath}`, false);
      if (slowMs > 0) await sleep(slowMs);
      if (fault === 'dropped' || fault === 'lost-answer') {
        raw.socket.resetAndDestroy();
        return reply.hijack();
      }
      if (fault)
        return reply
          .status(Number(/\d+/.exec(fault)?.[0]))
          .type('text/plain')
          .send('Local fault.');
      if (!store.isValid(linkPath, query)) {
        return reply.status(404).type('text/plain').send('This content is no longer available.');
      }
      return reply
        .header('access-control-allow-origin', '*')
        .type(store.contentType(id) ?? 'application/octet-stream')
        .sendFile(id, { contentType: false, cacheControl: false });
    });
  }
}
