import { useEffect, useState } from 'react';

/** @param everyMs null stands still
 *  @returns milliseconds since 1970, renewed as often as asked */
export function useNowMs(everyMs: number | null): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
