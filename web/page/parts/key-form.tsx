/** Asks for the API key, which stays in this tab. */
import { Button, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { keepKey } from '../api/client.ts';
import { useTexts } from './page-context.ts';

export function KeyForm({ isRefused, onKey }: { isRefused: boolean; onKey: () => void }): ReactNode {
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
            {page.key.heading}
          </Title>
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
          <Button type="submit" className="fits">
            {page.key.use}
          </Button>
        </Stack>
      </form>
    </Paper>
  );
}
