/** Asks for the API key, which stays in this tab. */
import { Button, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { keepKey } from '../api/client.ts';
import { SignInLink } from '../people/sign-in.tsx';
import { useTexts } from './page-context.ts';

interface KeyFormProps {
  readonly isRefused: boolean;
  /** Where to sign in with Discord; null where nobody can. */
  readonly signIn: string | null;
  readonly onKey: () => void;
}

export function KeyForm({ isRefused, signIn, onKey }: KeyFormProps): ReactNode {
  const { page } = useTexts();
  const [key, setKey] = useState('');
  return (
    <Paper p="xl" radius="lg" withBorder>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() === '') return;
          keepKey(key);
          onKey();
        }}
      >
        <Stack gap="md">
          <Title order={1} size="h3">
            {signIn === null ? page.key.heading : page.people.signIn}
          </Title>
          {signIn !== null && (
            <>
              <Text>{page.people.signInHint}</Text>
              <SignInLink address={signIn} isMain />
              <Title order={2} size="h5" mt="md">
                {page.people.orKey}
              </Title>
            </>
          )}
          <PasswordInput
            label={page.key.label}
            description={page.key.hint}
            value={key}
            autoComplete="off"
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          {isRefused && (
            <Text size="sm" className="error" role="alert">
              {page.key.refused}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            {page.key.stored}
          </Text>
          <Button type="submit" className="fits" variant={signIn === null ? 'filled' : 'default'}>
            {page.key.use}
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}
