/** What all pages share: the header, the way in, the query that runs, and recordings that are dropped or pasted anywhere. */
import { Alert, Container } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { ProblemError } from './api/client.ts';
import { useLibrary } from './api/use-library.ts';
import { AskingContext } from './parts/asking-context.ts';
import { Header } from './parts/header.tsx';
import { KeyForm } from './parts/key-form.tsx';
import { useTexts } from './parts/page-context.ts';
import { PageLoader } from './parts/page-loader.tsx';
import { ProgressNote } from './parts/progress.tsx';
import { useAsking } from './parts/use-asking.ts';
import { useDropped } from './parts/use-dropped.ts';

export function Frame(): ReactNode {
  const { page } = useTexts();
  const asking = useAsking();
  const { running, failure } = asking;
  const library = useLibrary();
  const queries = useQueryClient();
  const [hasTried, setHasTried] = useState(false);
  const [hint, setHint] = useState<string | null>(null);
  const main = useFocusOnMove();

  const isRefused =
    failure?.status === 401 || (library.error instanceof ProblemError && library.error.problem.code === 'unauthorized');
  const mayAsk = !library.isPending && !isRefused && running === null;
  const isOver = useDropped(mayAsk, (dropped) => {
    setHint(dropped.kind === 'several' ? page.ask.severalFiles : null);
    if (dropped.kind !== 'several') asking.ask(dropped);
  });
  const onKey = (): void => {
    setHasTried(true);
    asking.forgetFailure();
    void queries.resetQueries();
  };

  let content: ReactNode = null;
  if (isRefused) content = <KeyForm isRefused={hasTried || failure?.status === 401} onKey={onKey} />;
  else if (library.isPending) content = <PageLoader />;
  else if (running) content = <ProgressNote name={running.name} state={running.state} onCancel={asking.cancel} />;
  else
    content = (
      <Suspense fallback={<PageLoader />}>
        <Outlet />
      </Suspense>
    );
  return (
    <AskingContext value={{ ...asking, onHint: setHint }}>
      <Header onStart={asking.toStart} />
      <Container size={1080} component="main" pb={140} ref={main} tabIndex={-1}>
        {hint && !running && (
          <Alert color="yellow" mb="md" role="alert">
            {hint}
          </Alert>
        )}
        {content}
      </Container>
      {isOver && (
        <div className="drop-here" aria-hidden="true">
          {page.ask.dropHere}
        </div>
      )}
    </AskingContext>
  );
}

/** A screen reader begins with the new page, not with the link that led there. */
function useFocusOnMove() {
  const main = useRef<HTMLDivElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}
