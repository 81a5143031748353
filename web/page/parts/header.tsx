/** The name, the pages, and at the right what belongs to the caller. */
import { Button, Container } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { forgetKey, hasKey } from '../api/client.ts';
import icon from '../icon.svg';
import { useTexts } from './page-context.ts';

export function Header({ onStart }: { onStart: () => void }): ReactNode {
  const { page } = useTexts();
  return (
    <header className="header">
      <Container size={1080} className="header-inside">
        <Link to="/" className="brand" onClick={onStart}>
          <img src={icon} alt="" width={32} height={32} className="logo" />
          {page.title}
        </Link>
        <nav aria-label={page.navigation} className="nav">
          <Link to="/" activeOptions={{ exact: true }} onClick={onStart}>
            {page.ask.nav}
          </Link>
          <Link to="/library">{page.library.nav}</Link>
          <Link to="/admin">{page.admin.nav}</Link>
        </nav>
        <div className="header-end">{hasKey() && <ForgetKey />}</div>
      </Container>
    </header>
  );
}

function ForgetKey(): ReactNode {
  const { page } = useTexts();
  const queries = useQueryClient();
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() => {
        forgetKey();
        void queries.resetQueries();
      }}
    >
      {page.people.forgetKey}
    </Button>
  );
}
