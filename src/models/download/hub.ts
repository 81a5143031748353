/** The hub that models are downloaded from, as its own tools are told of it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';

export interface HubOptions {
  /** HF_ENDPOINT: the hub or a mirror of it; https, or http on this machine. */
  readonly endpoint: string;
  /** HF_TOKEN, for what is not public; null: none. Only the endpoint ever gets it. */
  readonly token: string | null;
  /** HF_HUB_OFFLINE: nothing is asked of the network. */
  readonly offline: boolean;
  /** Where the hub's own tools keep what they downloaded: HF_HOME/hub. */
  readonly cacheDir: string;
  /** HTTPS_PROXY and NO_PROXY, as other programs read them. */
  readonly proxy?: { readonly https: string; readonly except: string };
}

/** The token that the hub's own tools keep when somebody logs in with them; null when there is none.
 *  @param home HF_HOME */
export async function storedToken(home: string): Promise<string | null> {
  const text = await readFile(path.join(home, 'token'), 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
}

/** @see https://huggingface.co/docs/hub/models-downloading for the form of the address
 *  @throws {LeitmotifError} config-invalid when the endpoint is not an address that a token may be sent to */
export function hubFileUrl(endpoint: string, repository: string, revision: string, file: string): URL {
  const base = endpointUrl(endpoint);
  const parts = [...repository.split('/'), 'resolve', revision, ...file.split('/')].map(encodeURIComponent);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${parts.join('/')}`;
  return base;
}

function endpointUrl(endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url && isSafe(url) && url.username === '' && url.password === '' && url.search === '') return url;
  throw new LeitmotifError(
    'config-invalid',
    `Cannot use HF_ENDPOINT: expected an https address, or http on this machine, got "${endpoint}"`,
  );
}

/** What may be asked at all: http can be read and changed on its way, so only on this machine, where there is no way. */
export function isSafe({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname));
}

/** The hub's names of a content, out of an etag: quoted, and perhaps marked as weak. */
export function contentNameOf(etag: string | undefined): string | null {
  return etag?.replace(/^W\//, '').replace(/^"|"$/g, '').toLowerCase() ?? null;
}

export const isSha256 = (name: string | null): name is string => name !== null && /^[0-9a-f]{64}$/.test(name);

/** What git calls a file: the hub's etag of what is small enough to lie in git itself. */
export const isGitBlob = (name: string | null): name is string => name !== null && /^[0-9a-f]{40}$/.test(name);

export const isCommit = isGitBlob;
