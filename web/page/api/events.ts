/** Follows a query by its Server-Sent Events. Not an EventSource, which cannot send an API key. */
import { getQuery, ProblemError, request } from './client.ts';
import type { QueryState } from './types.ts';

const pollEachMs = 1_000;

/** @returns the last state
 *  @throws {ProblemError} when the query is no longer known, or the server is gone for good */
export async function follow(
  query: QueryState,
  { signal, onState }: { readonly signal: AbortSignal; readonly onState: (state: QueryState) => void },
): Promise<QueryState> {
  let last = query;
  const tell = (state: QueryState): void => {
    last = state;
    onState(state);
  };
  try {
    for await (const state of eventsOf<QueryState>(query.events, signal)) tell(state);
  } catch (error) {
    // A stream may be cut off, or refused when too many are open; polling works without.
    signal.throwIfAborted();
    if (error instanceof ProblemError && !error.problem.retryable) throw error;
  }
  while (last.state === 'waiting' || last.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, pollEachMs));
    tell(await getQuery(query.id, signal));
  }
  return last;
}

/** The states that a stream of events tells, until its end.
 *  @throws {ProblemError} also when it is cut off */
export async function* eventsOf<State>(path: string, signal: AbortSignal): AsyncGenerator<State> {
  const { body } = await request(path, { signal, headers: { accept: 'text/event-stream' } });
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    pending += value;
    const events = pending.split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice('data: '.length)) as State;
    }
  }
}
