/** Requests of the caller as a person: who they are, votes, and sharing. */
import { base, json, request, send } from './client.ts';
import type { Me, Shared, SharedAnswer, SharePlaces, VoteName } from './types.ts';

export function getMe(signal: AbortSignal): Promise<Me> {
  return json(`${base}/me`, { signal });
}

export async function signOut(): Promise<void> {
  await request('/auth/sign-out', { method: 'POST' });
}

/** @param vote null withdraws it */
export async function putVote(queryId: string, rank: number, vote: VoteName | null): Promise<void> {
  const path = `${base}/queries/${queryId}/results/${rank}/vote`;
  await (vote === null ? send(path, 'DELETE') : send(path, 'PUT', { vote }));
}

export function getSharePlaces(signal: AbortSignal): Promise<SharePlaces> {
  return json(`${base}/share-places`, { signal });
}

export async function shareInDiscord(queryId: string, rank: number, server: string): Promise<Shared> {
  return (await send(`${base}/queries/${queryId}/share`, 'POST', { rank, server })).json() as Promise<Shared>;
}

/** @returns the path of the page that everybody can open */
export async function makeLink(queryId: string): Promise<string> {
  const { page } = await json<{ page: string }>(`${base}/queries/${queryId}/link`, { method: 'POST' });
  return page;
}

export function getShared(token: string, signal: AbortSignal): Promise<SharedAnswer> {
  return json(`${base}/shared/${encodeURIComponent(token)}`, { signal });
}
