/** Requests of page-protocol.ts. Each throws an Error whose message is for the user. */
import type { PageAutocomplete, PageInteraction, PageMessage, PageState } from '../../page-protocol.ts';

/** The server is on the same machine: after this time it is gone. */
const answerMaxMs = 10_000;
/** For big files over slow tunnels. */
const uploadMaxMs = 120_000;

/** The server refused the request. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export interface Choice {
  readonly name: string;
  readonly value: string | number;
}

export interface Api {
  state(): Promise<PageState>;
  messages(channelId: string): Promise<readonly PageMessage[]>;
  post(channelId: string, content: string, files: readonly File[]): Promise<PageMessage>;
  forward(channelId: string, messageId: string, toChannelId: string): Promise<PageMessage>;
  interact(interaction: PageInteraction, files: readonly File[]): Promise<{ readonly id: string }>;
  autocomplete(request: PageAutocomplete, signal: AbortSignal): Promise<readonly Choice[]>;
  /** Of the web socket. */
  readonly eventsUrl: string;
}

/** @param userId '' lets the server choose */
export function createApi(userId: string): Api {
  const query = userId === '' ? '' : `?user=${encodeURIComponent(userId)}`;
  const pathOf = (path: string): string => `/page/${path}${query}`;
  return {
    state: () => call(pathOf('state')),
    messages: (channelId) => call(pathOf(`channels/${channelId}/messages`)),
    post: (channelId, content, files) => call(pathOf(`channels/${channelId}/messages`), form({ content }, files)),
    forward: (channelId, messageId, toChannelId) =>
      call(pathOf(`channels/${toChannelId}/forwards`), form({ channelId, messageId }, [])),
    interact: (interaction, files) => call(pathOf('interactions'), form(interaction, files)),
    autocomplete: async (request, signal) => {
      const { choices } = await call<{ choices: readonly Choice[] }>(pathOf('autocomplete'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal,
      });
      return choices;
    },
    eventsUrl: pathOf('events'),
  };
}

function form(payload: unknown, files: readonly File[]): RequestInit {
  const body = new FormData();
  body.set('payload_json', JSON.stringify(payload));
  for (const [i, file] of files.entries()) body.set(`files[${i}]`, file, file.name);
  return { method: 'POST', body, signal: AbortSignal.timeout(uploadMaxMs) };
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const signal = init.signal ?? AbortSignal.timeout(answerMaxMs);
  const response = await fetch(path, { ...init, signal }).catch((error: unknown) => {
    throw signal.aborted
      ? error
      : new Error('The local Discord cannot be reached. Is it still running?', { cause: error });
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const { message } = (answer ?? {}) as { message?: unknown };
  throw new Refusal(typeof message === 'string' ? message : `The local Discord answered ${response.status}.`);
}
