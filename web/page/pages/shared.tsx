/** An answer that somebody shared by its address: to read and to hear, also without a key. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { getShared } from '../api/people.ts';
import { AnswerView } from '../parts/answer.tsx';
import { useAskingHere } from '../parts/asking-context.ts';
import { FailureNote } from '../parts/failure.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { problemOf } from '../parts/use-asking.ts';

export function SharedPage(): ReactNode {
  const { page } = useTexts();
  const { token } = useParams({ from: '/shared/$token' });
  const { ask, toStart } = useAskingHere();
  const shared = useQuery({ queryKey: ['shared', token], queryFn: ({ signal }) => getShared(token, signal) });
  if (shared.error) return <FailureNote problem={problemOf(shared.error)} onAgain={() => void shared.refetch()} />;
  if (!shared.data) return <PageLoader />;
  return (
    <>
      <Text mb="md" c="dimmed">
        {page.people.share.seen}
      </Text>
      <AnswerView
        answer={shared.data.answer}
        picture={shared.data.picture}
        mine={null}
        own={{ buffer: null, file: null, trackId: null }}
        onAsk={ask}
        onStart={toStart}
      />
    </>
  );
}
