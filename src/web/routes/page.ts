/** The web app's page: index.html for every address of the app, and its files under /app. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sendFile } from '../send-file.ts';
import type { WebServer } from '../web-server.ts';

/** Addresses of the app. It reads its own address, and asks the API for what belongs there. */
const appUrls = ['/', '/answers/:id', '/library', '/tracks/:id', '/map', '/admin'] as const;
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const revalidated = 'no-cache';
/** The names of these files change with their content. */
const forever = 'public, max-age=31536000, immutable';

/** @param page the folder of the built page; built on first use
 *  @param preview elements for the head of the address of a shared answer */
export function pageRoutes(
  server: WebServer,
  page: () => Promise<string>,
  preview: (request: FastifyRequest, token: string) => string,
): void {
  const config = { access: 'open' } as const;
  for (const url of appUrls) {
    server.route({
      ...{ method: 'GET', url, config, schema: { hide: true } },
      handler: async (request, reply) => sendPacked(request, reply, await page(), 'index.html', revalidated),
    });
  }
  server.route({
    ...{ method: 'GET', url: '/shared/:token', config },
    schema: { hide: true, params: z.object({ token: z.string().max(100) }) },
    handler: async (request, reply) => {
      const html = await readFile(path.join(await page(), 'index.html'), 'utf8');
      const head = preview(request, request.params.token);
      reply.header('cache-control', revalidated).type(types['.html'] ?? '');
      // A function, because `$` in a replacement text has a meaning.
      return reply.send(html.replace('</head>', () => `${head}</head>`));
    },
  });
  server.route({
    ...{ method: 'GET', url: '/app/:file', config },
    schema: { hide: true, params: z.object({ file: z.string().regex(/^[\w-][\w.-]{0,100}$/) }) },
    handler: async (request, reply) => {
      const { file } = request.params;
      // What the manifest names has the same name always.
      const isFixed = /\.(png|webmanifest)$/.test(file);
      return sendPacked(request, reply, await page(), file, isFixed ? revalidated : forever);
    },
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
