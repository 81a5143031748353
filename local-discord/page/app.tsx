import { type ReactNode, useEffect, useState } from 'react';
import { Workspace } from './layout/workspace.tsx';
import { type Address, readAddress, writeAddress } from './state/address.ts';

/** Who the person is, where, and in which language, kept in the address. */
export function App(): ReactNode {
  const [address, setAddress] = useState(() => readAddress(location.search));
  useEffect(() => {
    const read = (): void => setAddress(readAddress(location.search));
    addEventListener('popstate', read);
    return () => removeEventListener('popstate', read);
  }, []);
  const go = (next: Address): void => {
    // Who the server named is no step to go back over.
    const isNamed = next.userId !== '' && address.userId !== '';
    history[isNamed ? 'pushState' : 'replaceState'](null, '', writeAddress(next));
    setAddress(next);
  };
  // Another person knows nothing of what this one saw.
  return <Workspace key={address.userId} address={address} onGo={go} />;
}
