/** Signing in with Discord, and out. */
import { Alert, Button, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { forgetKey, hasKey } from '../api/client.ts';
import { getMe, signOut } from '../api/people.ts';
import type { Problem } from '../api/types.ts';
import { useTexts } from '../parts/page-context.ts';

/** Where to sign in; null where nobody can.
 *  @param problem of a request that was refused */
export function signInAddress(problem: Problem | null): string | null {
  const address = problem?.facts.signIn;
  // Only ever an address of this server.
  return typeof address === 'string' && /^\/[a-z/]+$/.test(address) ? address : null;
}

export function SignInLink({ address, isMain = false }: { address: string; isMain?: boolean }): ReactNode {
  const { page } = useTexts();
  const to = encodeURIComponent(`${location.pathname}${location.search}`);
  return (
    <Button
      component="a"
      href={`${address}?to=${to}`}
      size={isMain ? 'md' : 'xs'}
      className="fits"
      leftSection={isMain ? <DiscordMark /> : undefined}
    >
      {page.people.signIn}
    </Button>
  );
}

/** At the right of the header. */
export function CallerMenu(): ReactNode {
  const { page } = useTexts();
  const queries = useQueryClient();
  // Not before it is known that the caller may come in: a refusal would be told twice.
  const isKnown = queries.getQueryData(['library']) !== undefined;
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => getMe(signal), enabled: isKnown });
  const leave = async (): Promise<void> => {
    forgetKey();
    if (me.data?.way === 'discord') await signOut().catch(() => {});
    await queries.resetQueries();
  };
  if (!hasKey() && me.data?.way !== 'discord') return null;
  return (
    <>
      {me.data?.way === 'discord' && (
        <Text size="sm" truncate="end" className="caller" aria-label={page.people.signedInAs(me.data.name ?? '')}>
          {me.data.name}
        </Text>
      )}
      <Button size="xs" variant="default" onClick={() => void leave()}>
        {me.data?.way === 'discord' ? page.people.signOut : page.people.forgetKey}
      </Button>
    </>
  );
}

/** Tells once how signing in ended, and takes it out of the address. */
export function SignInOutcome(): ReactNode {
  const { page } = useTexts();
  const [outcome] = useState(() => new URLSearchParams(location.search).get('sign-in'));
  useEffect(() => {
    if (outcome !== null) history.replaceState(history.state, '', location.pathname);
  }, [outcome]);
  const text = outcome === null ? undefined : page.people.outcomes[outcome];
  if (text === undefined) return null;
  return (
    <Alert color="yellow" mb="md" role="alert">
      {text}
    </Alert>
  );
}

function DiscordMark(): ReactNode {
  return (
    <svg viewBox="0 0 24 24" width="18" height="18" fill="currentColor" aria-hidden="true">
      <path d="M19.3 5.3A17 17 0 0 0 15.1 4l-.5 1a15 15 0 0 0-5.200 0l-.5-1a17 17 0 0 0-4.200 1.300C2 9.300 1.300 13.200 1.600 17a17 17 0 0 0 5.200 2.600l1.100-1.800-1.700-.8.4-.3a12 12 0 0 0 10.800 0l.4.3-1.700.8 1.100 1.800A17 17 0 0 0 22.400 17c.4-4.400-.7-8.300-3.100-11.700zM8.700 14.700c-1 0-1.900-1-1.900-2.200s.8-2.200 1.900-2.200 1.900 1 1.900 2.200-.8 2.200-1.900 2.200zm6.600 0c-1 0-1.900-1-1.900-2.200s.8-2.200 1.900-2.200 1.900 1 1.900 2.200-.8 2.200-1.900 2.200z" />
    </svg>
  );
}
