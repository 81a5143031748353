import { Component, type ReactNode } from 'react';

interface ShieldProps {
  readonly children: ReactNode;
}

/** A message that cannot be shown takes nothing else with it. React knows this only of classes. */
export class Shield extends Component<ShieldProps, { readonly failure: string | null }> {
  override readonly state = { failure: null as string | null };

  static getDerivedStateFromError(error: unknown): { readonly failure: string } {
    return { failure: String(error) };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    return <li className="pending failure">This message cannot be shown: {failure}</li>;
  }
}
