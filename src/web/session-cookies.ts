/** The cookies of the web app: HttpOnly, SameSite=Lax, and over HTTPS Secure with the prefix that binds them to this host. */
import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';

export const sessionCookie = 'leitmotif-session';
/** Binds an attempt to sign in to the browser that began it. */
export const attemptCookie = 'leitmotif-sign-in';

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  return request.cookies[fullName(request, name)];
}

export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  maxAge: number,
): void {
  reply.setCookie(fullName(request, name), value, { ...attributesOf(request), maxAge });
}

export function clearCookie(request: FastifyRequest, reply: FastifyReply, name: string): void {
  reply.clearCookie(fullName(request, name), attributesOf(request));
}

/** @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes */
function fullName({ protocol }: FastifyRequest, name: string): string {
  return protocol === 'https' ? `__Host-${name}` : name;
}

function attributesOf({ protocol }: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: protocol === 'https' } as const;
}
