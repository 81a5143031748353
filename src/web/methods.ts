/** Tells an unknown address (404) from a known one with another method (405). */
import type { FastifyRequest } from 'fastify';
import { LeitmotifError } from '../errors.ts';
import { HttpRefusal } from './problems.ts';
import type { WebServer } from './web-server.ts';

/** Call it before the routes are added.
 *  @returns the refusal of a request that no route takes */
export function allowMethods(server: WebServer): (request: FastifyRequest) => LeitmotifError {
  const methodsAt = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  server.addHook('onRoute', ({ url, method }) => {
    const known = methodsAt.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    methodsAt.set(url, known);
    for (const each of [method].flat()) known.methods.add(each);
  });
  return ({ url, method }) => {
    const [path = ''] = url.split('?');
    const methods = [...methodsAt.values()].find(({ pattern }) => pattern.test(path))?.methods;
    if (!methods) return new LeitmotifError('not-found', `Cannot ${method} this address: there is nothing`);
    const allow = [...methods].join(', ');
    const headers = { allow };
    return new HttpRefusal(405, 'bad-request', `Cannot ${method} this address: expected ${allow}`, { headers });
  };
}

function patternOf(url: string): RegExp {
  const parts = url.split(/(:\w+|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
