import { useState } from 'react';
import { localUrl } from '../state/local-url.ts';

/** Links are signed anew with each edit of a message. The first one of a file is kept, so that an edit stops no audio
 *  that plays.
 *
 *  @returns `url` is null for what lies on another machine; call `renew` when the kept one does not answer any more */
export function useSteadyUrl(latest: string): { url: string | null; renew: () => void } {
  const [kept, setKept] = useState(latest);
  const isSameFile = pathOf(kept) === pathOf(latest);
  if (!isSameFile) setKept(latest);
  return { url: localUrl(isSameFile ? kept : latest), renew: () => setKept(latest) };
}

/** Without the signature. */
function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}
