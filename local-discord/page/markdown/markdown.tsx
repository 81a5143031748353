/** Renders Discord's Markdown as React elements. Nothing is interpreted as HTML. */
import { Fragment, type ReactNode, useEffect, useMemo, useState } from 'react';
import { usePageContext } from '../page-context.ts';
import { parseInline } from './inline.ts';
import type { Block, Inline, TimeStyle } from './nodes.ts';
import { parseMarkdown } from './parse.ts';
import { formatTimestamp } from './time.ts';

export function Markdown({ text }: { readonly text: string }): ReactNode {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return <Blocks blocks={blocks} />;
}

/** For single lines: without headings, lists and quotes. */
export function InlineMarkdown({ text }: { readonly text: string }): ReactNode {
  return <Inlines nodes={parseInline(text)} />;
}

function Blocks({ blocks }: { readonly blocks: readonly Block[] }): ReactNode {
  return blocks.map((block, i) => <OneBlock key={keyOf(i)} block={block} />);
}

function OneBlock({ block }: { readonly block: Block }): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p className="paragraph">
          <Inlines nodes={block.children} />
        </p>
      );
    case 'subtext':
      return (
        <discord-subscript>
          <Inlines nodes={block.children} />
        </discord-subscript>
      );
    case 'heading': {
      // One level below the page's own headings.
      const Heading = `h${block.level + 2}` as 'h3' | 'h4' | 'h5';
      return (
        <Heading className={`heading heading-${block.level}`}>
          <Inlines nodes={block.children} />
        </Heading>
      );
    }
    case 'quote':
      return (
        <discord-quote>
          <Blocks blocks={block.children} />
        </discord-quote>
      );
    case 'code-block':
      return (
        <pre className="code-block">
          <code>{block.text}</code>
        </pre>
      );
    case 'list': {
      const List = block.start === null ? 'ul' : 'ol';
      return (
        <List className="list" {...(block.start !== null && { start: block.start })}>
          {block.items.map((item, i) => (
            <li key={keyOf(i)}>
              <Inlines nodes={item.children} />
              <Blocks blocks={item.below} />
            </li>
          ))}
        </List>
      );
    }
  }
}

function Inlines({ nodes }: { readonly nodes: readonly Inline[] }): ReactNode {
  return nodes.map((node, i) => <OneInline key={keyOf(i)} node={node} />);
}

function OneInline({ node }: { readonly node: Inline }): ReactNode {
  switch (node.kind) {
    case 'text':
    case 'emoji':
      return <Fragment>{node.text}</Fragment>;
    case 'everyone':
      return <discord-mention type="role">{node.text.slice(1)}</discord-mention>;
    case 'code':
      return <code className="code">{node.text}</code>;
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.children} />
        </strong>
      );
    case 'emphasis':
      return (
        <em>
          <Inlines nodes={node.children} />
        </em>
      );
    case 'underline':
      return (
        <u>
          <Inlines nodes={node.children} />
        </u>
      );
    case 'strike':
      return (
        <s>
          <Inlines nodes={node.children} />
        </s>
      );
    case 'spoiler':
      return <Spoiler nodes={node.children} />;
    case 'link':
      return (
        <a href={node.url} target="_blank" rel="noopener noreferrer" title={node.url}>
          <Inlines nodes={node.children} />
        </a>
      );
    case 'user':
    case 'channel':
    case 'role':
      return <Mention kind={node.kind} id={node.id} />;
    case 'command':
      return <discord-mention type="slash">{node.name}</discord-mention>;
    case 'time':
      return <Time unixSec={node.unixSec} style={node.style} />;
  }
}

function Spoiler({ nodes }: { readonly nodes: readonly Inline[] }): ReactNode {
  const [isShown, setShown] = useState(false);
  if (isShown) {
    return (
      <span className="spoiler shown">
        <Inlines nodes={nodes} />
      </span>
    );
  }
  return (
    <button type="button" className="spoiler" aria-label="Spoiler: show it" onClick={() => setShown(true)}>
      <span aria-hidden="true">
        <Inlines nodes={nodes} />
      </span>
    </button>
  );
}

function Mention({ kind, id }: { readonly kind: 'user' | 'channel' | 'role'; readonly id: string }): ReactNode {
  const { users, channels, me, openChannel } = usePageContext();
  if (kind === 'user') {
    return (
      <discord-mention type="user" highlight={id === me.id}>
        {users.get(id)?.name ?? 'unknown-user'}
      </discord-mention>
    );
  }
  const channel = kind === 'channel' ? channels.get(id) : undefined;
  if (!channel) return <discord-mention type={kind}>unknown</discord-mention>;
  return (
    <button type="button" className="mention" onClick={() => openChannel(id)}>
      <discord-mention type="channel">{channel.name}</discord-mention>
    </button>
  );
}

function Time({ unixSec, style }: { readonly unixSec: number; readonly style: TimeStyle }): ReactNode {
  const { locale } = usePageContext();
  const nowMs = useNowMs(style === 'R' ? 1000 : null);
  return (
    <discord-time>
      <time dateTime={new Date(unixSec * 1000).toISOString()} title={formatTimestamp(unixSec, 'F', locale, nowMs)}>
        {formatTimestamp(unixSec, style, locale, nowMs)}
      </time>
    </discord-time>
  );
}

/** Nodes have no identity except their position. */
function keyOf(index: number): string {
  return `node-${index}`;
}

/** @param everyMs null: never updated
 *  @returns milliseconds since 1970, updated at this interval */
function useNowMs(everyMs: number | null): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
