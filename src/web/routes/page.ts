/** The web app's page: index.html for every address of the app, and its files under /app. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendFile } from '../send-file.ts';
import type { WebServer } from '../web-server.ts';

/** Addresses of the app. It reads its own address, and asks the API for what belongs there. */
const appUrls = ['/', '/answers/:id', '/library', '/tracks/:id', '/admin'] as const;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const revalidated = 'no-cache';
/** The names of the files change with their content. */
const forever = 'public, max-age=31536000, immutable';

/** @param page the folder of the built page; built on first use */
export function pageRoutes(server: WebServer, page: () => Promise<string>): void {
  const config = { access: 'open' } as const;
  for (const url of appUrls) {
    server.route({
      ...{ method: 'GET', url, config, schema: { hide: true } },
      handler: async (request, reply) => sendPacked(request, reply, await page(), 'index.html', revalidated),
    });
  }
  server.route({
    ...{ method: 'GET', url: '/app/:file', config },
    schema: { hide: true, params: z.object({ file: z.string().regex(/^[\w-][\w.-]{0,100}$/) }) },
    handler: async (request, reply) => sendPacked(request, reply, await page(), request.params.file, forever),
  });
}

function sendPacked(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
  name: string,
  cacheControl: string,
): Promise<FastifyReply> {
  const file = path.join(folder, name);
  const type = types[path.extname(name)] ?? 'application/octet-stream';
  reply.header('vary', 'accept-encoding');
  const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (!takesGzip || !existsSync(`${file}.gz`)) return sendFile(request, reply, file, { cacheControl, type });
  reply.header('content-encoding', 'gzip');
  return sendFile(request, reply, `${file}.gz`, { cacheControl, type });
}
