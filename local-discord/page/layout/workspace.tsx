/** The whole page: sidebar and open channel. */
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { ModalForm } from '../modal/modal-form.tsx';
import { type PageContext, PageContextProvider } from '../page-context.ts';
import type { Address } from '../state/address.ts';
import { allChannels, useDiscord } from '../state/use-discord.ts';
import { Channel } from './channel.tsx';
import { Sidebar } from './sidebar.tsx';

interface WorkspaceProps {
  readonly address: Address;
  onGo(address: Address): void;
}

export function Workspace({ address, onGo }: WorkspaceProps): ReactNode {
  const discord = useDiscord(address);
  // On a phone, the sidebar covers the messages.
  const [isSideOpen, setSideOpen] = useState(false);
  const { server, link, refusal } = discord.view;
  const users = useMemo(() => new Map(server?.users.map((user) => [user.id, user])), [server]);
  const channels = useMemo(
    () => new Map(server ? allChannels(server).map((channel) => [channel.id, channel]) : []),
    [server],
  );
  const { userId } = address;
  useEffect(() => {
    // An address without a user: the server chose one.
    if (userId === '' && server) onGo({ ...address, userId: server.me.id });
    // An address of an earlier run, whose users no longer exist.
    if (userId !== '' && refusal !== null) onGo({ ...address, userId: '', channelId: '' });
  });
  if (!server) {
    const waiting = link === 'lost' ? 'The local Discord does not answer. Trying again…' : 'Connecting…';
    return (
      <main className="waiting-page" role="status">
        {refusal ?? waiting}
      </main>
    );
  }
  const pageContext: PageContext = {
    discord,
    me: server.me,
    locale: address.locale,
    users,
    channels,
    guild: server.guilds.find((guild) => guild.channels.some(({ id }) => id === discord.channelId)) ?? null,
    openChannel: (channelId) => {
      setSideOpen(false);
      onGo({ ...address, channelId });
    },
  };
  return (
    <PageContextProvider value={pageContext}>
      <div className={isSideOpen ? 'page side-open' : 'page'}>
        <Sidebar address={address} onGo={onGo} isOpen={isSideOpen} />
        <button type="button" className="shade" aria-label="Close the channels" onClick={() => setSideOpen(false)} />
        {discord.view.form && <ModalForm key={discord.view.form.interactionId} form={discord.view.form} />}
        <Channel key={discord.channelId} isSideOpen={isSideOpen} onSide={() => setSideOpen(!isSideOpen)} />
      </div>
    </PageContextProvider>
  );
}
