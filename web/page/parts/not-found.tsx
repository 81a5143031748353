/** An address of no page. */
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { FailureNote } from './failure.tsx';
import { useTexts } from './page-context.ts';

export function NotFoundPage(): ReactNode {
  const { page } = useTexts();
  const navigate = useNavigate();
  return (
    <>
      <FailureNote
        problem={{
          ...{ type: 'about:blank', title: 'Not found', status: 404, detail: 'Cannot find this page' },
          ...{ code: 'not-found', retryable: false, facts: {} },
        }}
      />
      <Button variant="default" onClick={() => void navigate({ to: '/' })}>
        {page.toStart}
      </Button>
    </>
  );
}
