/** Follows a job by its events until it has ended; polls where a stream is cut off or refused. */
import { useEffect, useRef, useState } from 'react';
import { request } from '../../api/client.ts';
import { eventsOf } from '../../api/events.ts';

interface Followed {
  readonly self: string;
  readonly events: string;
  readonly state: string;
}

const pollEachMs = 2_000;

export const isOpen = ({ state }: { readonly state: string }): boolean => state === 'waiting' || state === 'running';

/** @param job null: none
 *  @param onEnd called once, with the last state
 *  @returns the newest state of the job */
export function useFollowed<Job extends Followed>(job: Job | null, onEnd: (job: Job) => void): Job | null {
  const [seen, setSeen] = useState<Job | null>(null);
  const told = useRef(onEnd);
  told.current = onEnd;
  const isJobOpen = job !== null && isOpen(job);
  const { self = '', events = '' } = job ?? {};
  useEffect(() => {
    if (!isJobOpen) return;
    const closed = new AbortController();
    void follow<Job>({ self, events }, closed.signal, (state) => {
      if (closed.signal.aborted) return;
      setSeen(state);
      if (!isOpen(state)) told.current(state);
    });
    return () => closed.abort();
  }, [isJobOpen, self, events]);
  return seen?.self === self ? seen : job;
}

async function follow<Job extends Followed>(
  { self, events }: Pick<Followed, 'self' | 'events'>,
  signal: AbortSignal,
  onState: (job: Job) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const state of eventsOf<Job>(events, signal)) {
        onState(state);
        if (!isOpen(state)) return;
      }
    } catch {
      // The server may be restarting: polled below.
    }
    await new Promise((resolve) => setTimeout(resolve, pollEachMs));
    try {
      const state = (await (await request(self, { signal })).json()) as Job;
      onState(state);
      if (!isOpen(state)) return;
    } catch {
      // Tried again.
    }
  }
}
