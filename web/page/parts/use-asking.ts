/** The query that runs: asked, followed, and shown under its answer's address. */
import { useRouter } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ask, cancel, ProblemError, type Question } from '../api/client.ts';
import { follow } from '../api/events.ts';
import type { Problem, QueryState } from '../api/types.ts';
import { decodeOwn } from '../audio/own-audio.ts';

export interface Running {
  readonly name: string;
  /** null: the recording is being sent. */
  readonly state: QueryState | null;
}

export interface Asking {
  /** null: no query runs. */
  readonly running: Running | null;
  /** Why the last query failed. */
  readonly failure: Problem | null;
  /** The recording of the last query. */
  readonly ownAudio: AudioBuffer | null;
  readonly ask: (question: Question) => void;
  readonly cancel: () => void;
  readonly toStart: () => void;
  readonly forgetFailure: () => void;
}

export function useAsking(): Asking {
  const router = useRouter();
  const [running, setRunning] = useState<Running | null>(null);
  const [failure, setFailure] = useState<Problem | null>(null);
  const [ownAudio, setOwnAudio] = useState<AudioBuffer | null>(null);
  const current = useRef<{ readonly stop: AbortController; state: QueryState | null } | null>(null);

  const end = useCallback(() => {
    const run = current.current;
    current.current = null;
    if (run?.state) cancel(run.state);
    run?.stop.abort();
  }, []);

  const forget = useCallback(() => {
    end();
    setRunning(null);
    setFailure(null);
    setOwnAudio(null);
  }, [end]);

  useEffect(() => {
    // A page that the browser kept and shows again has lost its query.
    const onShow = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) forget();
    };
    // A closed page takes its query with it: nobody would see the answer.
    addEventListener('pagehide', end);
    addEventListener('pageshow', onShow);
    const unsubscribe = router.subscribe('onBeforeNavigate', ({ pathChanged }) => {
      if (pathChanged) forget();
    });
    return () => {
      removeEventListener('pagehide', end);
      removeEventListener('pageshow', onShow);
      unsubscribe();
    };
  }, [router, end, forget]);

  const toStart = useCallback(() => {
    forget();
    void router.navigate({ to: '/' });
  }, [router, forget]);

  const begin = useCallback(
    async (question: Question) => {
      forget();
      const run = { stop: new AbortController(), state: null as QueryState | null };
      current.current = run;
      const { signal } = run.stop;
      setRunning({ name: nameOf(question), state: null });
      const own = question.kind === 'file' ? decodeOwn(question.file) : Promise.resolve(null);
      const fail = async (problem: Problem | null): Promise<void> => {
        current.current = null;
        // Leaving an address forgets the failures of its queries.
        await router.navigate({ to: '/' });
        setRunning(null);
        setFailure(problem);
      };
      try {
        run.state = await ask(question, signal);
        const onState = (state: QueryState): void => {
          run.state = state;
          setRunning((before) => before && { ...before, state });
        };
        onState(run.state);
        const last = await follow(run.state, { signal, onState });
        if (current.current !== run) return;
        if (last.permanent === null) return fail(last.error?.code === 'cancelled' ? null : last.error);
        current.current = null;
        const id = last.permanent.slice(last.permanent.lastIndexOf('/') + 1);
        const trackId = question.kind === 'track' ? question.trackId : null;
        await router.navigate({ to: '/answers/$id', params: { id }, state: { trackId } });
        setRunning(null);
        const buffer = await own;
        if (router.state.location.pathname === `/answers/${id}`) setOwnAudio(buffer);
      } catch (error) {
        if (current.current !== run) return;
        await fail(problemOf(error));
      }
    },
    [router, forget],
  );

  return {
    ...{ running, failure, ownAudio, ask: (question) => void begin(question), cancel: toStart, toStart },
    forgetFailure: () => setFailure(null),
  };
}

function nameOf(question: Question): string {
  if (question.kind === 'file') return question.file.name;
  return question.kind === 'link' ? question.link : question.name;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  throw error;
}
