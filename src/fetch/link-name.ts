/** Names a fetched file. The name is untrusted text, for display only. Pure. */
import { parse } from 'content-disposition';
import { oneLine } from '../format.ts';

/** @param disposition the Content-Disposition header, if there is one
 *  @returns one line without folders, or null when neither says */
export function nameOfLink(url: URL, disposition: string | undefined): string | null {
  const names = [disposition === undefined ? '' : fileNameOf(disposition), decoded(url.pathname)];
  return names.map((name) => oneLine(name.split(/[/\\]/).at(-1) ?? '')).find((name) => name !== '') ?? null;
}

function fileNameOf(disposition: string): string {
  try {
    return parse(disposition).parameters.filename ?? '';
  } catch {
    return '';
  }
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
