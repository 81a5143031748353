/** Where the page is: asking, waiting for an answer, or showing one under its address. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { ask, cancel, ProblemError, type Question } from '../api/client.ts';
import { follow } from '../api/events.ts';
import type { Problem, QueryState } from '../api/types.ts';
import { decodeOwn } from '../audio/own-audio.ts';

export type View =
  | { readonly kind: 'ask' }
  | { readonly kind: 'asking'; readonly name: string; readonly state: QueryState | null }
  | { readonly kind: 'answer'; readonly id: string; readonly trackId: number | null };

export interface Asking {
  readonly view: View;
  /** Why the last query failed. */
  readonly failure: Problem | null;
  /** The recording of the last query. */
  readonly ownAudio: AudioBuffer | null;
  readonly ask: (question: Question) => void;
  readonly cancel: () => void;
  readonly toStart: () => void;
}

const answerAddress = /^\/answers\/([a-z0-9]{1,40})$/;

function viewAt({ pathname }: Location, state: unknown): View {
  const id = answerAddress.exec(pathname)?.[1];
  if (id === undefined) return { kind: 'ask' };
  const trackId = (state as { trackId?: unknown } | null)?.trackId;
  return { kind: 'answer', id, trackId: typeof trackId === 'number' ? trackId : null };
}

export function useAsking(): Asking {
  const [view, setView] = useState<View>(() => viewAt(location, history.state));
  const [failure, setFailure] = useState<Problem | null>(null);
  const [ownAudio, setOwnAudio] = useState<AudioBuffer | null>(null);
  const running = useRef<{ readonly stop: AbortController; state: QueryState | null } | null>(null);

  const end = useCallback(() => {
    const { current } = running;
    running.current = null;
    if (current?.state) cancel(current.state);
    current?.stop.abort();
  }, []);

  useEffect(() => {
    const onMove = (): void => {
      end();
      setFailure(null);
      setOwnAudio(null);
      setView(viewAt(location, history.state));
    };
    // A page that the browser kept and shows again has lost its query.
    const onShow = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) onMove();
    };
    // A closed page takes its query with it: nobody would see the answer.
    addEventListener('popstate', onMove);
    addEventListener('pagehide', end);
    addEventListener('pageshow', onShow);
    return () => {
      removeEventListener('popstate', onMove);
      removeEventListener('pagehide', end);
      removeEventListener('pageshow', onShow);
    };
  }, [end]);

  const toStart = useCallback(() => {
    end();
    setFailure(null);
    if (location.pathname !== '/') history.pushState(null, '', '/');
    setView({ kind: 'ask' });
  }, [end]);

  const begin = useCallback(
    async (question: Question) => {
      end();
      const run = { stop: new AbortController(), state: null as QueryState | null };
      running.current = run;
      const { signal } = run.stop;
      setFailure(null);
      setOwnAudio(null);
      setView({ kind: 'asking', name: nameOf(question), state: null });
      const own = question.kind === 'file' ? decodeOwn(question.file) : Promise.resolve(null);
      try {
        run.state = await ask(question, signal);
        const onState = (state: QueryState): void => {
          run.state = state;
          setView((before) => (before.kind === 'asking' ? { ...before, state } : before));
        };
        onState(run.state);
        const last = await follow(run.state, { signal, onState });
        if (running.current !== run) return;
        running.current = null;
        if (last.permanent === null) {
          if (last.error?.code !== 'cancelled') setFailure(last.error);
          return setView({ kind: 'ask' });
        }
        const id = last.permanent.slice(last.permanent.lastIndexOf('/') + 1);
        const trackId = question.kind === 'track' ? question.trackId : null;
        history.pushState({ trackId }, '', `/answers/${id}`);
        scrollTo(0, 0);
        setView({ kind: 'answer', id, trackId });
        const buffer = await own;
        if (location.pathname === `/answers/${id}`) setOwnAudio(buffer);
      } catch (error) {
        if (running.current !== run) return;
        running.current = null;
        setFailure(problemOf(error));
        setView({ kind: 'ask' });
      }
    },
    [end],
  );

  return { view, failure, ownAudio, ask: (question) => void begin(question), cancel: toStart, toStart };
}

function nameOf(question: Question): string {
  if (question.kind === 'file') return question.file.name;
  return question.kind === 'link' ? question.link : question.name;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  throw error;
}
