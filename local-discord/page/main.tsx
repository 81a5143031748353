/** The page of the local Discord: shows a channel to one user. page-protocol.ts defines its requests. */
import { type ReactNode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import './elements.ts';
import './styles/frame.css';
import './styles/channel.css';
import './styles/message.css';
import './styles/message-menu.css';
import './styles/media.css';
import './styles/components.css';
import './styles/composer.css';
import './styles/modal.css';
import { Workspace } from './layout/workspace.tsx';
import { type Address, readAddress, writeAddress } from './state/address.ts';

/** Keeps user, channel and language in the page's address. */
function App(): ReactNode {
  const [address, setAddress] = useState(() => readAddress(location.search));
  useEffect(() => {
    const read = (): void => setAddress(readAddress(location.search));
    addEventListener('popstate', read);
    return () => removeEventListener('popstate', read);
  }, []);
  const go = (next: Address): void => {
    // The server's choice of a user is not a step in the history.
    const isNamed = next.userId !== '' && address.userId !== '';
    history[isNamed ? 'pushState' : 'replaceState'](null, '', writeAddress(next));
    setAddress(next);
  };
  // The key discards all state when the user changes.
  return <Workspace key={address.userId} address={address} onGo={go} />;
}

const root = document.getElementById('page');
if (!root) throw new TypeError('Cannot show the page: expected an element #page');
createRoot(root).render(<App />);
