/** Failures of links, with facts for messages. Only the host of a link is named, because the rest may contain secrets. */
import { type ErrorFacts, LeitmotifError } from '../errors.ts';

/** Why a link is refused; `kind` in the facts. */
export type LinkRefusal = 'not-http' | 'credentials' | 'port' | 'address' | 'redirects' | 'music-page';

export function linkRefused(url: URL, kind: LinkRefusal, why: string, facts: ErrorFacts = {}): LeitmotifError {
  return new LeitmotifError('link-refused', `Cannot fetch from ${url.host}: ${why}`, {
    facts: { kind, host: url.host, ...facts },
  });
}

export function notHttp(): LeitmotifError {
  const kind: LinkRefusal = 'not-http';
  return new LeitmotifError('link-refused', 'Cannot fetch: expected an http or https link', { facts: { kind } });
}

/** @param status of the answer, if any */
export function linkUnreachable(
  { host }: URL,
  why: string,
  more: { status?: number; cause?: unknown },
): LeitmotifError {
  const { status, cause } = more;
  return new LeitmotifError('link-unreachable', `Cannot fetch from ${host}: ${why}`, {
    cause,
    facts: { host, ...(status === undefined ? {} : { status }) },
  });
}

export function linkTooLarge({ host }: URL, bytesMax: number): LeitmotifError {
  return new LeitmotifError('link-too-large', `Cannot fetch from ${host}: expected at most ${bytesMax} bytes`, {
    facts: { host, bytesMax },
  });
}

export function linkTooSlow({ host }: URL, deadlineMs: number, cause?: unknown): LeitmotifError {
  const deadlineSec = Math.ceil(deadlineMs / 1000);
  return new LeitmotifError('link-too-slow', `Cannot fetch from ${host}: too little came within ${deadlineSec} s`, {
    cause,
    facts: { host, deadlineSec },
  });
}

/** @param kind page: text of any kind; encoded: compressed, although plain bytes were requested */
export function linkNotAudio({ host }: URL, kind: 'page' | 'encoded', contentType: string | undefined): LeitmotifError {
  const got = kind === 'page' ? 'a page or another text' : 'something compressed';
  return new LeitmotifError('link-not-audio', `Cannot fetch from ${host}: expected audio, got ${got}`, {
    facts: { kind, host, ...(contentType === undefined ? {} : { contentType: contentType.slice(0, 100) }) },
  });
}
