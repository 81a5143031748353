/** Sharing: an answer by its address, and a result in the Discord channel for finds. */
import { Anchor, Button, Group, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { getSharePlaces, makeLink, shareInDiscord } from '../api/people.ts';
import type { Problem, Shared } from '../api/types.ts';
import { useTexts } from '../parts/page-context.ts';
import { problemOf } from '../parts/use-asking.ts';

interface ShareProps {
  readonly queryId: string;
  readonly onFailure: (problem: Problem) => void;
}

export function CopyLink({ queryId, onFailure }: ShareProps): ReactNode {
  const { page } = useTexts();
  const [link, setLink] = useState<{ readonly url: string; readonly isCopied: boolean } | null>(null);
  const copy = async (): Promise<void> => {
    try {
      const url = new URL(await makeLink(queryId), location.href).href;
      // Only a page over HTTPS or on this machine may write there.
      const isCopied = await navigator.clipboard?.writeText(url).then(
        () => true,
        () => false,
      );
      setLink({ url, isCopied: isCopied === true });
    } catch (error) {
      onFailure(problemOf(error));
    }
  };
  return (
    <div className="copy-link">
      <Button variant="default" onClick={() => void copy()}>
        {page.people.share.copy}
      </Button>
      {link && (
        <TextInput
          mt="xs"
          readOnly
          label={link.isCopied ? page.people.share.copied : page.people.share.copyByHand}
          value={link.url}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </div>
  );
}

/** Nothing where no bot runs, or no server of the caller's has a channel for finds. */
export function ShareInDiscord({
  queryId,
  rank,
  name,
  onFailure,
}: ShareProps & { rank: number; name: string }): ReactNode {
  const { page } = useTexts();
  const places = useQuery({ queryKey: ['share-places'], queryFn: ({ signal }) => getSharePlaces(signal) });
  const [isBusy, setIsBusy] = useState(false);
  const [shared, setShared] = useState<Shared | null>(null);
  const texts = page.people.share;
  const share = (server: string): void => {
    setIsBusy(true);
    shareInDiscord(queryId, rank, server)
      .then(setShared, (error: unknown) => onFailure(problemOf(error)))
      .finally(() => setIsBusy(false));
  };
  if (shared)
    return (
      <Text size="sm" role="status">
        {shared.isNew ? texts.shared : texts.already}{' '}
        {shared.url && (
          <Anchor href={shared.url} rel="noreferrer">
            {texts.open}
          </Anchor>
        )}
      </Text>
    );
  const servers = places.data?.servers ?? [];
  if (servers.length === 0) return null;
  const isOnly = servers.length === 1;
  return (
    <Group gap={6}>
      {servers.map(({ id, name: server }) => (
        <Button
          key={id}
          size="xs"
          variant="default"
          loading={isBusy}
          aria-label={isOnly ? texts.inDiscordNamed(name) : texts.inServerNamed(server, name)}
          onClick={() => share(id)}
        >
          {isOnly ? texts.inDiscord : texts.inServer(server)}
        </Button>
      ))}
    </Group>
  );
}
