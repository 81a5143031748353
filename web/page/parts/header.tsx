/** The name, the pages, and at the right what belongs to the caller. */
import { Container } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import icon from '../icon.svg';
import { CallerMenu } from '../people/sign-in.tsx';
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
          <Link to="/map">{page.map.nav}</Link>
          <Link to="/admin">{page.admin.nav}</Link>
        </nav>
        <div className="header-end">
          <CallerMenu />
        </div>
      </Container>
    </header>
  );
}
