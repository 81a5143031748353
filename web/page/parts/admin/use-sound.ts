/** Plays one short sound at a time. Web Audio rather than an audio element: the key of the API goes into a header, which an element
 *  cannot send. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { getSound } from '../../api/admin.ts';

export interface Sound {
  /** The address of what plays or is loaded; null: nothing. */
  readonly playing: string | null;
  readonly error: unknown;
  /** Plays it, or stops it when it plays. */
  toggle(path: string): void;
}

export function useSound(): Sound {
  const [playing, setPlaying] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const context = useRef<AudioContext | null>(null);
  const stopping = useRef(new AbortController());

  const stop = useCallback(() => {
    stopping.current.abort();
    stopping.current = new AbortController();
    setPlaying(null);
  }, []);
  useEffect(
    () => () => {
      stopping.current.abort();
      void context.current?.close();
      context.current = null;
    },
    [],
  );

  const toggle = useCallback(
    (path: string) => {
      const wasPlaying = playing === path;
      stop();
      if (wasPlaying) return;
      setError(null);
      setPlaying(path);
      const { signal } = stopping.current;
      // A browser lets a page play sound from a press on.
      context.current ??= new AudioContext();
      play(context.current, path, signal)
        .catch((failure: unknown) => {
          if (!signal.aborted) setError(failure);
        })
        .finally(() => {
          if (!signal.aborted) setPlaying(null);
        });
    },
    [playing, stop],
  );
  return { playing, error, toggle };
}

async function play(context: AudioContext, path: string, signal: AbortSignal): Promise<void> {
  const buffer = await context.decodeAudioData(await getSound(path, signal));
  signal.throwIfAborted();
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  await context.resume();
  source.start();
  await new Promise<void>((resolve) => {
    source.onended = () => resolve();
    signal.addEventListener('abort', () => source.stop(), { once: true });
  });
}
