/** The channels of the servers, and the current user. */
import type { ReactNode } from 'react';
import type { PageChannel } from '../../page-protocol.ts';
import { avatarOf } from '../avatar.ts';
import { usePageContext } from '../page-context.ts';
import { type Address, type Locale, locales } from '../state/address.ts';

interface SidebarProps {
  readonly address: Address;
  readonly isOpen: boolean;
  onGo(address: Address): void;
}

export function Sidebar({ address, isOpen, onGo }: SidebarProps): ReactNode {
  const { discord } = usePageContext();
  const { server } = discord.view;
  return (
    <nav className="sidebar" id="sidebar" aria-label="Channels" data-open={isOpen}>
      <div className="guilds">
        {server?.guilds.map((guild) => (
          <section key={guild.id} aria-label={guild.name}>
            <h2>{guild.name}</h2>
            <ul>
              {guild.channels.map((channel) => (
                <Place key={channel.id} channel={channel} mark={channel.parentId ? '↳' : '#'} />
              ))}
            </ul>
          </section>
        ))}
        <section aria-label="Direct messages">
          <h2>Direct messages</h2>
          <ul>
            {server?.directMessages.map((channel) => (
              <Place key={channel.id} channel={channel} mark="@" />
            ))}
          </ul>
        </section>
      </div>
      <Me address={address} onGo={onGo} />
    </nav>
  );
}

function Place({ channel, mark }: { readonly channel: PageChannel; readonly mark: string }): ReactNode {
  const { discord, openChannel } = usePageContext();
  const { id, name, parentId } = channel;
  const isUnread = discord.view.unread.has(id);
  return (
    <li className={parentId ? 'thread' : undefined}>
      <button
        type="button"
        className={isUnread ? 'channel unread' : 'channel'}
        aria-current={id === discord.channelId ? 'page' : undefined}
        onClick={() => openChannel(id)}
      >
        <span aria-hidden="true">{mark}</span> {name}
        {isUnread && <span className="dot" role="img" aria-label="unread" />}
      </button>
    </li>
  );
}

function Me({ address, onGo }: Omit<SidebarProps, 'isOpen'>): ReactNode {
  const { me, discord } = usePageContext();
  const people = discord.view.server?.users.filter(({ isBot }) => !isBot) ?? [];
  return (
    <div className="me">
      <img src={avatarOf(me)} alt="" width="36" height="36" />
      <label>
        <span>You are</span>
        <select
          value={me.id}
          onChange={({ target }) => onGo({ ...address, userId: target.value, channelId: discord.channelId })}
        >
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Language</span>
        <select value={address.locale} onChange={({ target }) => onGo({ ...address, locale: target.value as Locale })}>
          {Object.entries(locales).map(([locale, name]) => (
            <option key={locale} value={locale}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
