/** Discord's inline Markdown. Pure. At each position the first matching rule wins; text without a match stays text. A message has
 *  at most 4000 characters, so rules may look ahead to the end. */
import { type Inline, type TimeStyle, timeStyles } from './nodes.ts';

/** Deeper nesting stays text, so that it cannot exhaust the stack. */
const depthMax = 12;

interface Rule {
  /** Sticky. */
  readonly pattern: RegExp;
  /** Null if the rule does not apply after all. */
  readonly make: (match: RegExpExecArray, within: Within) => Inline | null;
}

interface Within {
  readonly depth: number;
  readonly inLink: boolean;
  /** The character before the match, '' at the start. */
  readonly before: string;
}

const rules: readonly Rule[] = [
  // A backslash escapes any mark. Before letters it stays, so that ¯\_(ツ)_/¯ and C:\music are shown.
  { pattern: /\\([^A-Za-z0-9\s])/y, make: ([, text = '']) => ({ kind: 'text', text }) },
  {
    pattern: /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/y,
    make: ([, , text = '']) => ({ kind: 'code', text: text.replace(/^ (?=`)|(?<=`) $/g, '') }),
  },
  { pattern: /<@!?(\d{1,20})>/y, make: ([, id = '']) => ({ kind: 'user', id }) },
  { pattern: /<#(\d{1,20})>/y, make: ([, id = '']) => ({ kind: 'channel', id }) },
  { pattern: /<@&(\d{1,20})>/y, make: ([, id = '']) => ({ kind: 'role', id }) },
  {
    pattern: /<\/([^\s:<>][^:<>\n]{0,99}):(\d{1,20})>/y,
    make: ([, name = '', id = '']) => ({ kind: 'command', name, id }),
  },
  { pattern: /<t:(-?\d{1,13})(?::([a-zA-Z]))?>/y, make: ([, seconds, style]) => time(Number(seconds), style ?? 'f') },
  { pattern: /<a?(:\w{2,32}:)\d{1,20}>/y, make: ([, text = '']) => ({ kind: 'emoji', text }) },
  { pattern: /@(everyone|here)\b/y, make: ([text]) => ({ kind: 'everyone', text }) },
  {
    pattern:
      /\[((?:\\[\s\S]|[^\\[\]]|\[[^[\]]*\])+)\]\(\s*<?(https?:\/\/[^\s<>)]+(?:\([^\s<>)]*\)[^\s<>)]*)*)>?(?:\s+"[^"\n]*")?\s*\)/y,
    make: ([, text = '', url = ''], within) => link(url, text, within),
  },
  { pattern: /<(https?:\/\/[^\s<>]+)>/y, make: ([, url = ''], within) => link(url, null, within) },
  { pattern: /https?:\/\/[^\s<>]+/y, make: ([url], within) => link(url, null, within) },
  { pattern: /\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/y, make: nest('strong') },
  { pattern: /__((?:\\[\s\S]|[^\\])+?)__(?!_)/y, make: nest('underline') },
  { pattern: /~~((?:\\[\s\S]|[^\\])+?)~~/y, make: nest('strike') },
  { pattern: /\|\|((?:\\[\s\S]|[^\\])+?)\|\|/y, make: nest('spoiler') },
  { pattern: /\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/y, make: nest('emphasis') },
  {
    pattern: /_((?:__|\\[\s\S]|[^\\_])+?)_(?![A-Za-z0-9_])/y,
    make: (match, within) => (/[A-Za-z0-9_]/.test(within.before) ? null : nest('emphasis')(match, within)),
  },
];

/** @param text without line prefixes; line breaks stay in the text nodes */
export function parseInline(text: string): Inline[] {
  return parseWithin(text, 0, false);
}

function parseWithin(text: string, depth: number, inLink: boolean): Inline[] {
  if (depth > depthMax) return [{ kind: 'text', text }];
  const nodes: Inline[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const found = matchAt(text, at, { depth, inLink, before: text[at - 1] ?? '' });
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    at += found.length;
    if (found.node.kind === 'text') {
      plain += found.node.text;
      continue;
    }
    if (plain !== '') nodes.push({ kind: 'text', text: plain });
    plain = '';
    nodes.push(found.node);
  }
  if (plain !== '') nodes.push({ kind: 'text', text: plain });
  return nodes;
}

/** Characters that can begin a rule. All others are text. */
const beginnings = new Set('\\`<@[h*_~|');

function matchAt(text: string, at: number, within: Within): { node: Inline; length: number } | null {
  if (!beginnings.has(text[at] ?? '')) return null;
  for (const { pattern, make } of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const node = match && make(match, within);
    if (!match || !node) continue;
    // A bare URL may end before the end of its match.
    const isBare = node.kind === 'link' && match[0].startsWith('h');
    return { node, length: isBare ? node.url.length : match[0].length };
  }
  return null;
}

function nest(kind: 'strong' | 'emphasis' | 'underline' | 'strike' | 'spoiler'): Rule['make'] {
  return ([, text = ''], { depth, inLink }) => ({ kind, children: parseWithin(text, depth + 1, inLink) });
}

/** @param text null for a bare URL, which is shown itself */
function link(url: string, text: string | null, { depth, inLink }: Within): Inline | null {
  const address = text === null ? withoutPunctuation(url) : url;
  if (inLink || !URL.canParse(address)) return null;
  return {
    kind: 'link',
    url: address,
    children: text === null ? [{ kind: 'text', text: address }] : parseWithin(text, depth + 1, true),
  };
}

/** "(see https://a.example/b)." ends before the parenthesis. */
function withoutPunctuation(url: string): string {
  let end = url.length;
  for (;;) {
    const last = url[end - 1] ?? '';
    const isUnopened = last === ')' && !url.slice(0, end).includes('(');
    if (!isUnopened && !/[.,:;!?"'*_~|\]`]/.test(last)) return url.slice(0, end);
    end -= 1;
  }
}

function time(unixSec: number, style: string): Inline | null {
  const known = timeStyles.find((name): name is TimeStyle => name === style);
  // The range of Date.
  return known && Math.abs(unixSec) <= 8.64e12 ? { kind: 'time', unixSec, style: known } : null;
}
