/** How a track is called where it is shown. */
import { fileStem } from '../../../src/format.ts';

export function trackName({ title, key }: { readonly title: string | null; readonly key: string }): string {
  return title ?? fileStem(key);
}
