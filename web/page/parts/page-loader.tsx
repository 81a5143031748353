/** Shown while a page or its data is on its way. */
import { Center, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from './page-context.ts';

export function PageLoader(): ReactNode {
  const { page } = useTexts();
  return (
    <Center mih={240}>
      <Loader role="status" aria-label={page.loading} />
    </Center>
  );
}
