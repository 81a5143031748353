/** The document's title, for tabs, history and screen readers. */
import { useEffect } from 'react';
import { useTexts } from './page-context.ts';

export function usePageTitle(title: string | null): void {
  const { page } = useTexts();
  useEffect(() => {
    document.title = title === null ? page.title : `${title} - ${page.title}`;
    return () => {
      document.title = page.title;
    };
  }, [title, page]);
}
