/** Sends a file with what players need: ranges, conditional requests, ETags. */
import path from 'node:path';
import { send } from '@fastify/send';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LeitmotifError } from '../errors.ts';
import { HttpRefusal } from './problems.ts';

export interface SendFileOptions {
  readonly cacheControl: string;
  /** Unset: by the file's name. */
  readonly type?: string;
}

/** @param file an absolute path that no caller chose
 *  @throws {LeitmotifError} 'not-found', 'bad-request' (416) for a range beyond the end */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: string,
  { cacheControl, type }: SendFileOptions,
): Promise<FastifyReply> {
  const name = encodeURIComponent(path.basename(file));
  const { statusCode, headers, stream } = await send(request.raw, `/${name}`, {
    root: path.dirname(file),
    dotfiles: 'allow',
    cacheControl: false,
    index: false,
  });
  if (statusCode === 416) {
    stream.destroy();
    const range = String(
      (headers as Record<string, unknown>)['Content-Range'] ??
        (headers as Record<string, unknown>)['content-range'] ??
        '',
    );
    throw new HttpRefusal(416, 'bad-request', 'Cannot send this range: it begins beyond the end', {
      headers: range === '' ? {} : { 'content-range': range },
    });
  }
  if (statusCode >= 400) {
    stream.destroy();
    throw new LeitmotifError('not-found', 'Cannot find this recording');
  }
  reply
    .code(statusCode)
    .headers(headers as Record<string, string>)
    .header('cache-control', cacheControl);
  if (type !== undefined) reply.type(type);
  return reply.send(stream);
}
