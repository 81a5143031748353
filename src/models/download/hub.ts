/** Settings of the hub that models are downloaded from, by the variables of its own tools. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../../errors.ts';

export interface HubOptions {
  /** HF_ENDPOINT: the hub or a mirror of it; https, or http on this machine. */
  readonly endpoint: string;
  /** HF_TOKEN, for private models; null: none. Sent to the endpoint only. */
  readonly token: string | null;
  /** HF_HUB_OFFLINE: no network requests. */
  readonly offline: boolean;
  /** Cache of the hub's own tools: HF_HOME/hub. */
  readonly cacheDir: string;
  /** HTTPS_PROXY and NO_PROXY. */
  readonly proxy?: { readonly https: string; readonly except: string };
}

/** The token stored by a login with the hub's own tools; null if there is none.
 *  @param home HF_HOME */
export async function storedToken(home: string): Promise<string | null> {
  const text = await readFile(path.join(home, 'token'), 'utf8').catch(() => '');
  return text.trim() === '' ? null : text.trim();
}

/** @see https://huggingface.co/docs/hub/models-downloading for the form of the address
 *  @throws {LeitmotifError} config-invalid when a token may not be sent to the endpoint */
export function hubFileUrl(endpoint: string, repository: string, revision: string, file: string): URL {
  const base = endpointUrl('HF_ENDPOINT', endpoint);
  const parts = [...repository.split('/'), 'resolve', revision, ...file.split('/')].map(encodeURIComponent);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${parts.join('/')}`;
  return base;
}

/** A project's page on a Python package index.
 *  @throws {LeitmotifError} config-invalid */
export function indexUrl(index: string, project: string): URL {
  const base = endpointUrl('PIP_INDEX_URL', index);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/${encodeURIComponent(project)}/`;
  return base;
}

function endpointUrl(variable: string, endpoint: string): URL {
  const url = URL.parse(endpoint);
  if (url && isSafe(url) && url.username === '' && url.password === '' && url.search === '') return url;
  throw new LeitmotifError(
    'config-invalid',
    `Cannot use ${variable}: expected an https address without a user, or http on this machine, got "${withoutUser(url, endpoint)}"`,
  );
}

/** A password does not belong in a message. */
function withoutUser(url: URL | null, text: string): string {
  if (!url || (url.username === '' && url.password === '')) return text;
  url.username = '...';
  url.password = '';
  return url.href;
}

/** Whether requests to this address are allowed: https, and http on this machine, because http can be read and changed in transit. */
export function isSafe({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true;
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname));
}

/** The content's hash from an etag, without quotes and weak mark. */
export function contentNameOf(etag: string | undefined): string | null {
  return etag?.replace(/^W\//, '').replace(/^"|"$/g, '').toLowerCase() ?? null;
}

export const isSha256 = (name: string | null): name is string => name !== null && /^[0-9a-f]{64}$/.test(name);

/** Git's hash: the hub's etag of small files, which are stored in git itself. */
export const isGitBlob = (name: string | null): name is string => name !== null && /^[0-9a-f]{40}$/.test(name);

export const isCommit = isGitBlob;
