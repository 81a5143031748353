/** Requests to the API, with the API key where one is needed. Failures are problems (RFC 9457). */
import type {
  Answer,
  LibraryState,
  MapView,
  Problem,
  Query,
  QueryState,
  Track,
  TrackPage,
  TrackSort,
  Waveform,
} from './types.ts';

const keyName = 'leitmotif-key';
export const base = '/api/v1';

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The server does not respond at all. */
const unreachable: Problem = {
  ...{ type: 'about:blank', title: 'Unreachable', status: 0, detail: 'Cannot reach the server' },
  ...{ code: 'unreachable', retryable: true, facts: {} },
};

export function keepKey(key: string): void {
  sessionStorage.setItem(keyName, key.trim());
}

export function forgetKey(): void {
  sessionStorage.removeItem(keyName);
}

export function hasKey(): boolean {
  return sessionStorage.getItem(keyName) !== null;
}

/** @throws {ProblemError} for every failure but an abort */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = sessionStorage.getItem(keyName);
  // A header holds no other characters; the server refuses the key.
  if (key) headers.set('authorization', `Bearer ${key.replace(/[^\x21-\x7e]/g, '?')}`);
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    throw init.signal?.aborted ? error : new ProblemError(unreachable);
  });
  if (response.ok) return response;
  throw new ProblemError(await problemOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json'))
    return (await response.json()) as Problem;
  // A proxy's page.
  const { status, statusText } = response;
  return { ...unreachable, status, title: statusText, code: status >= 500 ? 'unreachable' : 'internal' };
}

export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

/** @param body sent as JSON; unset: nothing is sent */
export function send(path: string, method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', body?: object): Promise<Response> {
  if (body === undefined) return request(path, { method });
  return request(path, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
}

export function getQuery(id: string, signal?: AbortSignal): Promise<Query> {
  return json(`${base}/queries/${encodeURIComponent(id)}`, signal ? { signal } : {});
}

export type Question =
  | ({ readonly kind: 'file'; readonly file: File } & Partial<Part>)
  | { readonly kind: 'link'; readonly link: string }
  | ({ readonly kind: 'track'; readonly trackId: number; readonly name: string } & Partial<Part>)
  | {
      readonly kind: 'tracks';
      readonly plus: readonly number[];
      readonly minus: readonly number[];
      readonly name: string;
    };

/** Of the recording or track, in seconds. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export function ask(question: Question, signal: AbortSignal): Promise<QueryState> {
  const path = `${base}/queries`;
  if (question.kind === 'file') {
    const body = new FormData();
    // Fields first: the server reads the form as a stream.
    for (const name of ['from', 'to'] as const) {
      const sec = question[name];
      if (sec !== undefined) body.set(name, String(sec));
    }
    body.set('audio', question.file, question.file.name);
    return json(path, { method: 'POST', body, signal });
  }
  const body = JSON.stringify(bodyOf(question));
  return json(path, { method: 'POST', body, signal, headers: { 'content-type': 'application/json' } });
}

function bodyOf(question: Exclude<Question, { readonly kind: 'file' }>): object {
  if (question.kind === 'link') return { link: question.link };
  if (question.kind === 'tracks') return { tracks: { plus: question.plus, minus: question.minus } };
  const { trackId: track, from, to } = question;
  return { track, from, to };
}

/** Also when the page is being closed. */
export function cancel({ self }: Pick<QueryState, 'self'>): void {
  request(self, { method: 'DELETE', keepalive: true }).catch(() => {});
}

/** Whether the caller may ask, and how many tracks there are.
 *  @throws {ProblemError} 'unauthorized' where a key is needed */
export function getLibrary(signal?: AbortSignal): Promise<LibraryState> {
  return json(`${base}/library`, signal ? { signal } : {});
}

export interface TracksRequest {
  readonly q: string;
  readonly sort: TrackSort;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** `next` of the page before; null: the first page. */
  readonly cursor: string | null;
}

export function getTracks({ cursor, limit, ...rest }: TracksRequest, signal: AbortSignal): Promise<TrackPage> {
  const query = new URLSearchParams({ ...rest, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  return json(`${base}/tracks?${query}`, { signal });
}

export async function getTracksById(ids: readonly number[], signal: AbortSignal): Promise<readonly Track[]> {
  return (await json<TrackPage>(`${base}/tracks?ids=${ids.join(',')}`, { signal })).tracks;
}

/** @returns null while it is being made */
export async function getMap(signal: AbortSignal): Promise<MapView | null> {
  const response = await request(`${base}/map`, { signal });
  return response.status === 202 ? null : ((await response.json()) as MapView);
}

export function getTrack(id: number, signal: AbortSignal): Promise<Track> {
  return json(`${base}/tracks/${id}`, { signal });
}

export function getSimilar(id: number, signal: AbortSignal): Promise<Answer> {
  return json(`${base}/tracks/${id}/similar`, { signal });
}

export async function getDuplicates(id: number, signal: AbortSignal): Promise<readonly Track[]> {
  return (await json<{ tracks: Track[] }>(`${base}/tracks/${id}/duplicates`, { signal })).tracks;
}

export function getWaveform(trackId: number): Promise<Waveform> {
  return json(`${base}/tracks/${trackId}/waveform`);
}

/** The whole recording, where WEB_PLAY_LIBRARY allows that. */
export function wholeAudioUrl(trackId: number): string {
  return `${base}/tracks/${trackId}/audio`;
}

export function trackAudioUrl(trackId: number, fromSec: number): string {
  return `${base}/tracks/${trackId}/audio?from=${Number(Math.max(0, fromSec).toFixed(3))}`;
}
