/** Reads a request's body: JSON, or multipart with `payload_json` and `files[n]`. */
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refusals } from './api-error.ts';
import type { Upload } from './attachment-store.ts';
import { parseJson } from './json.ts';

const requestBytesMax = 25 * 1024 * 1024;

interface UploadBody {
  readonly json: object;
  readonly files: readonly Upload[];
}

const bodies = new WeakMap<FastifyRequest, UploadBody>();

/** Reads every body before its route runs. An earlier refusal would abort the upload, and the client would see a broken
 *  connection in place of the answer. */
export async function readUploads(app: FastifyInstance): Promise<void> {
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
    text === '' ? undefined : readJson(text),
  );
  // Some clients send a content type for an empty body.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, data: Buffer) => {
    if (data.length > 0) throw refusals.wrongContentType();
  });
  // The limits are one higher than Discord's, so that its own error can be returned.
  await app.register(multipart, { limits: { fileSize: requestBytesMax + 1, files: 20, fieldSize: 1024 * 1024 } });
  app.addHook('preHandler', async (request) => {
    if (request.isMultipart()) bodies.set(request, await readParts(request));
  });
}

/** @throws {ApiError} unless the JSON is an object */
export function uploadBody(request: FastifyRequest): UploadBody {
  return bodies.get(request) ?? { json: asObject(request.body), files: [] };
}

async function readParts(request: FastifyRequest): Promise<UploadBody> {
  let json: object = {};
  const numbered: { index: number; upload: Upload }[] = [];
  let bytes = 0;
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      if (part.fieldname === 'payload_json') json = asObject(readJson(String(part.value)));
      continue;
    }
    const data = await part.toBuffer();
    bytes += data.length;
    const index = Number(/^files\[(\d+)\]$/.exec(part.fieldname)?.[1] ?? numbered.length);
    numbered.push({ index, upload: { name: part.filename, data, contentType: part.mimetype } });
  }
  if (bytes > requestBytesMax) throw refusals.tooLarge();
  return { json, files: numbered.sort((a, b) => a.index - b.index).map(({ upload }) => upload) };
}

function readJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw refusals.badJson();
  }
}

function asObject(json: unknown): object {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw refusals.badJson();
  return json;
}
