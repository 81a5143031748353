import { useState } from 'react';
import { localUrl } from '../state/local-url.ts';

/** Links are signed again with each edit of a message. The first link of a file is kept, so that an edit does not stop playing
 *  audio.
 *
 *  @returns `url` is null for a URL of another machine; call `renew` when the kept link has expired */
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
