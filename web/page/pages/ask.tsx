/** Asking with a recording or a link, and answers under their addresses. */
import { useLocation, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useLibrary } from '../api/use-library.ts';
import { AnswerPage } from '../parts/answer.tsx';
import { AskForm } from '../parts/ask.tsx';
import { useAskingHere } from '../parts/asking-context.ts';
import { FailureNote } from '../parts/failure.tsx';

export function AskPage(): ReactNode {
  const { failure, ask, onHint } = useAskingHere();
  const { data } = useLibrary();
  return (
    <>
      {failure && <FailureNote problem={failure} />}
      <AskForm tracks={data?.tracks.indexed ?? null} onAsk={ask} onHint={onHint} />
    </>
  );
}

export function AnswerAddressPage(): ReactNode {
  const { ownAudio, ask, toStart } = useAskingHere();
  const { id } = useParams({ from: '/answers/$id' });
  const { trackId } = useLocation().state;
  return (
    <AnswerPage key={id} id={id} own={{ buffer: ownAudio, trackId: trackId ?? null }} onAsk={ask} onStart={toStart} />
  );
}
