/** Parses the part of Discord's Markdown that bots use into blocks. Pure. Unknown syntax stays text.
 *
 *  Why our own: the packages that know Discord's dialect are unmaintained or render HTML strings, and here every node
 *  becomes a React element, so that nothing is interpreted as HTML.
 *
 *  @see https://support.discord.com/hc/en-us/articles/210298617 */
import { parseInline } from './inline.ts';
import type { Block, ListItem } from './nodes.ts';

const fence = /```(?:([\w+.#-]+)\n)?\n*([\s\S]+?)\n*```/g;
const listMark = /^( *)(?:[-*]|(\d{1,9})\.) +(?=\S)/;
/** Deeper lists are shown at this depth. Quotes are not nested. Both are Discord's limits. */
const listDepthMax = 10;

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  for (const match of text.matchAll(fence)) {
    blocks.push(...parseLines(text.slice(at, match.index)));
    blocks.push({ kind: 'code-block', language: match[1] ?? '', text: match[2] ?? '' });
    at = match.index + match[0].length;
  }
  return [...blocks, ...parseLines(text.slice(at))];
}

function parseLines(text: string, inQuote = false): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let plain: string[] = [];
  const endParagraph = (next?: Block): void => {
    const paragraph = withBlankLines(plain, isSmall(blocks.at(-1)), isSmall(next));
    if (paragraph !== '') blocks.push({ kind: 'paragraph', children: parseInline(paragraph) });
    plain = [];
  };
  for (let i = 0; i < lines.length; ) {
    const found = blockAt(lines, i, inQuote);
    if (!found) {
      plain.push(lines[i] ?? '');
      i += 1;
      continue;
    }
    endParagraph(found.block);
    blocks.push(found.block);
    i += found.lineCount;
  }
  endParagraph();
  return blocks;
}

/** Blocks without margins, so blank lines around them are visible. */
function isSmall(block: Block | undefined): boolean {
  return block?.kind === 'subtext' || block?.kind === 'quote';
}

/** @returns text with visible line breaks; '' if there is nothing to show */
function withBlankLines(lines: readonly string[], isKeptBefore: boolean, isKeptAfter: boolean): string {
  const text = lines.join('\n');
  const trimmed = text.replace(/^\n+|\n+$/g, '');
  if (trimmed === '') return isKeptBefore && isKeptAfter ? '\n'.repeat(lines.length) : '';
  const before = isKeptBefore ? (/^\n*/.exec(text)?.[0] ?? '') : '';
  const after = isKeptAfter ? (/\n*$/.exec(text)?.[0] ?? '') : '';
  // A line break at the end adds no line.
  return before + trimmed + (after === '' ? '' : `${after}\n`);
}

function blockAt(lines: readonly string[], i: number, inQuote: boolean): { block: Block; lineCount: number } | null {
  const line = lines[i] ?? '';
  const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
  if (heading) {
    const level = (heading[1] ?? '').length as 1 | 2 | 3;
    return { block: { kind: 'heading', level, children: parseInline(heading[2] ?? '') }, lineCount: 1 };
  }
  const subtext = /^-# +(\S.*)$/.exec(line);
  if (subtext) return { block: { kind: 'subtext', children: parseInline(subtext[1] ?? '') }, lineCount: 1 };
  if (!inQuote && line.startsWith('>>> ')) {
    const rest = [line.slice(4), ...lines.slice(i + 1)];
    return { block: { kind: 'quote', children: parseLines(rest.join('\n'), true) }, lineCount: rest.length };
  }
  if (!inQuote && /^> /.test(line)) {
    const quoted = takeWhile(lines.slice(i), (each) => /^>(?: |$)/.test(each));
    const inner = quoted.map((each) => each.slice(2)).join('\n');
    return { block: { kind: 'quote', children: parseLines(inner, true) }, lineCount: quoted.length };
  }
  if (listMark.test(line)) {
    const listed = takeWhile(lines.slice(i), (each) => listMark.test(each));
    return { block: parseList(listed, 0), lineCount: listed.length };
  }
  return null;
}

/** @param lines each begins with a list mark. Lines that are indented deeper than the first belong to the item above */
function parseList(lines: readonly string[], depth: number): Block {
  const indentOf = (line: string): number => listMark.exec(line)?.[1]?.length ?? 0;
  const first = lines[0] ?? '';
  const firstNumber = listMark.exec(first)?.[2];
  const items: ListItem[] = [];
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? '';
    const below = takeWhile(lines.slice(i + 1), (each) => depth < listDepthMax && indentOf(each) > indentOf(first));
    items.push({
      children: parseInline(line.replace(listMark, '')),
      below: below.length > 0 ? [parseList(below, depth + 1)] : [],
    });
    i += 1 + below.length;
  }
  return { kind: 'list', start: firstNumber === undefined ? null : Number(firstNumber), items };
}

function takeWhile<T>(values: readonly T[], fits: (value: T) => boolean): readonly T[] {
  const end = values.findIndex((value) => !fits(value));
  return end < 0 ? values : values.slice(0, end);
}
