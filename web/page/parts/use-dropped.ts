/** Recordings and links that are dropped on the page, or pasted into it. */
import { useEffect, useRef, useState } from 'react';

export type Dropped =
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'link'; readonly link: string }
  | { readonly kind: 'several' };

/** @returns whether something is being dragged over the page */
export function useDropped(isWelcome: boolean, onDropped: (dropped: Dropped) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const handler = useRef(onDropped);
  handler.current = onDropped;

  useEffect(() => {
    if (!isWelcome) return;
    const take = (data: DataTransfer | null): boolean => {
      const dropped = read(data);
      if (dropped) handler.current(dropped);
      return dropped !== null;
    };
    const over = (event: DragEvent): void => {
      // Without this, the browser would open the file in place of the page.
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setIsOver(false);
      take(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent): void => {
      // Text that is pasted into a field belongs there.
      const isField = event.target instanceof HTMLInputElement && event.clipboardData?.files.length === 0;
      if (!isField && take(event.clipboardData)) event.preventDefault();
    };
    addEventListener('dragenter', over);
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    addEventListener('paste', paste);
    return () => {
      removeEventListener('dragenter', over);
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
      removeEventListener('paste', paste);
    };
  }, [isWelcome]);
  return isOver && isWelcome;
}

function read(data: DataTransfer | null): Dropped | null {
  const [file, second] = data?.files ?? [];
  if (second) return { kind: 'several' };
  if (file) return { kind: 'file', file };
  const text = data?.getData('text/plain').trim() ?? '';
  return isLink(text) ? { kind: 'link', link: text } : null;
}

export function isLink(text: string): boolean {
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);
}
