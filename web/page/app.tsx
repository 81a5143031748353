/** The page's frame: what is shown for the address, and recordings that are dropped or pasted anywhere. */
import { Alert, Anchor, Container, Group, Text } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { getLibrary, ProblemError } from './api/client.ts';
import icon from './icon.svg';
import { AnswerPage } from './parts/answer.tsx';
import { AskForm } from './parts/ask.tsx';
import { FailureNote } from './parts/failure.tsx';
import { KeyForm } from './parts/key-form.tsx';
import { useTexts } from './parts/page-context.ts';
import { ProgressNote } from './parts/progress.tsx';
import { useAsking } from './parts/use-asking.ts';
import { useDropped } from './parts/use-dropped.ts';

type Access = 'unknown' | 'open' | 'key-needed' | 'key-refused';

export function App(): ReactNode {
  const { page } = useTexts();
  const asking = useAsking();
  const { view, failure } = asking;
  const [access, setAccess] = useState<Access>('unknown');
  const [tracks, setTracks] = useState<number | null>(null);
  const [hint, setHint] = useState<string | null>(null);

  const look = useCallback(async (hasTried: boolean) => {
    try {
      const library = await getLibrary();
      setTracks(library.tracks.indexed);
      setAccess('open');
    } catch (error) {
      const isRefused = error instanceof ProblemError && error.problem.code === 'unauthorized';
      // Any other failure is told when something is asked.
      setAccess(isRefused ? (hasTried ? 'key-refused' : 'key-needed') : 'open');
    }
  }, []);
  useEffect(() => void look(false), [look]);
  useEffect(() => {
    if (failure?.status === 401) setAccess('key-refused');
  }, [failure]);

  const mayAsk = access === 'open' && view.kind !== 'asking';
  const isOver = useDropped(mayAsk, (dropped) => {
    setHint(dropped.kind === 'several' ? page.ask.severalFiles : null);
    if (dropped.kind !== 'several') asking.ask(dropped);
  });

  return (
    <>
      <Container size={1080} component="header" py="md">
        <Group gap="sm" align="center" wrap="nowrap">
          <img src={icon} alt="" width={32} height={32} className="logo" />
          <Anchor
            href="/"
            className="brand"
            onClick={(event) => {
              event.preventDefault();
              asking.toStart();
            }}
          >
            {page.title}
          </Anchor>
          <Text c="dimmed" size="sm" className="about">
            {page.about}
          </Text>
        </Group>
      </Container>
      <Container size={1080} component="main" pb={140}>
        {access === 'key-needed' || access === 'key-refused' ? (
          <KeyForm isRefused={access === 'key-refused'} onKey={() => void look(true)} />
        ) : (
          access === 'open' && (
            <>
              {view.kind === 'ask' && failure && <FailureNote problem={failure} />}
              {hint && view.kind !== 'asking' && (
                <Alert color="yellow" mb="md" role="alert">
                  {hint}
                </Alert>
              )}
              {view.kind === 'ask' && <AskForm tracks={tracks} onAsk={asking.ask} onHint={setHint} />}
              {view.kind === 'asking' && <ProgressNote name={view.name} state={view.state} onCancel={asking.cancel} />}
              {view.kind === 'answer' && (
                <AnswerPage
                  key={view.id}
                  id={view.id}
                  own={{ buffer: asking.ownAudio, trackId: view.trackId }}
                  onAsk={asking.ask}
                  onStart={asking.toStart}
                />
              )}
            </>
          )
        )}
      </Container>
      {isOver && (
        <div className="drop-here" aria-hidden="true">
          {page.ask.dropHere}
        </div>
      )}
    </>
  );
}
