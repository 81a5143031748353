/** Where a query begins: a recording or a link. */
import { Button, FileButton, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { Question } from '../api/client.ts';
import { useTexts } from './page-context.ts';
import { isLink } from './use-dropped.ts';

interface AskFormProps {
  /** In the library; null: not known. */
  readonly tracks: number | null;
  readonly onAsk: (question: Question) => void;
  readonly onHint: (hint: string | null) => void;
}

export function AskForm({ tracks, onAsk, onHint }: AskFormProps): ReactNode {
  const { page, amounts } = useTexts();
  const [link, setLink] = useState('');
  const [linkError, setLinkError] = useState<string | null>(null);
  return (
    <Paper className="drop-zone" p="xl" radius="lg">
      <Stack align="center" gap="md">
        <Waves />
        <Title order={1} size="h2" ta="center">
          {page.ask.heading}
        </Title>
        <Text ta="center" c="dimmed">
          {page.about}
        </Text>
        <Text ta="center">{page.ask.drop}</Text>
        <FileButton
          accept="audio/*,video/*,.flac,.opus,.ogg,.m4a"
          onChange={(file) => {
            onHint(null);
            if (file) onAsk({ kind: 'file', file });
          }}
        >
          {(props) => (
            <Button size="md" {...props}>
              {page.ask.choose}
            </Button>
          )}
        </FileButton>
        <Text size="sm" c="dimmed" ta="center">
          {page.ask.formats}
        </Text>
        <form
          className="link-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            onHint(null);
            if (!isLink(link.trim())) return setLinkError(page.ask.notALink);
            onAsk({ kind: 'link', link: link.trim() });
          }}
        >
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <TextInput
              className="grows"
              type="url"
              label={page.ask.link}
              placeholder={page.ask.linkExample}
              value={link}
              aria-invalid={linkError !== null}
              onChange={(event) => {
                setLink(event.currentTarget.value);
                setLinkError(null);
              }}
            />
            <Button type="submit" variant="light">
              {page.ask.askWithLink}
            </Button>
          </Group>
          {linkError && (
            <Text size="sm" mt={4} className="error" role="alert">
              {linkError}
            </Text>
          )}
        </form>
        {tracks !== null && (
          <Text size="sm" c="dimmed">
            {page.ask.library(amounts.count(tracks, page.ask.one, page.ask.other))}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

/** A waveform with a part that matches. */
function Waves(): ReactNode {
  const heights = [10, 22, 36, 18, 44, 30, 14, 40, 26, 12, 34, 48, 24, 16, 38, 20, 10];
  const bars = heights.map((height, at) => `M${at * 10 + 5} ${26 - height / 2}v${height}`);
  const [from, to] = [6, 12];
  return (
    <svg className="waves" viewBox="0 0 170 52" width="170" height="52" aria-hidden="true">
      <path d={[...bars.slice(0, from), ...bars.slice(to)].join('')} />
      <path className="is-match" d={bars.slice(from, to).join('')} />
    </svg>
  );
}
