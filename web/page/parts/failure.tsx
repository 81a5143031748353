/** A failure: what happened, and what to try. */
import { Alert, Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Problem } from '../api/types.ts';
import { failureSentence } from '../texts/texts.ts';
import { useTexts } from './page-context.ts';

export function FailureNote({ problem, onAgain }: { problem: Problem; onAgain?: () => void }): ReactNode {
  const texts = useTexts();
  return (
    <Alert color="red" radius="md" mb="md" role="alert" className="failure" title={texts.page.failure.heading}>
      {failureSentence(texts, problem, Date.now())}
      {onAgain && (
        <Button variant="default" size="xs" mt="sm" display="block" onClick={onAgain}>
          {texts.page.failure.again}
        </Button>
      )}
    </Alert>
  );
}
