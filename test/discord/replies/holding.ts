/** Holds replies against what Discord takes, and against what no reply of ours may do. */
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { checkMessagePayload, isEmptyPayload } from '../../../local-discord/server/message-rules.ts';
import type { Reply } from '../../../src/discord/reply.ts';
import { type Texts, textsOf } from '../../../src/discord/texts/texts.ts';

export const languages: readonly (readonly [string, Texts])[] = [
  ['en', textsOf('en-GB')],
  ['de', textsOf('de')],
];

/** Everything that people read of a reply, by where it stands. */
export function wordsOf({ content, embeds = [], components = [], files = [] }: Reply): string[] {
  return [
    ...(content === undefined ? [] : [content]),
    ...embeds.flatMap(({ title, description, footer }) => [title, description, footer?.text]),
    ...components.flatMap((row) => row.components).flatMap(wordsOfComponent),
    ...files.map(({ description }) => description),
  ].filter((words) => words !== undefined);
}

function wordsOfComponent(component: object): (string | undefined)[] {
  const {
    label,
    placeholder,
    options = [],
  } = component as {
    label?: string;
    placeholder?: string;
    options?: { label: string; description?: string }[];
  };
  return [label, placeholder, ...options.flatMap((option) => [option.label, option.description])];
}

const turning = /[\u061c\u200e\u200f\u202a-\u202e]/;
const halfCharacter = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** @param mentions what the reply names on purpose, such as <@1> */
export function expectToHold(reply: Reply, { mentions = [] }: { mentions?: readonly string[] } = {}): void {
  const { files = [], ...payload } = reply;
  expect(checkMessagePayload(payload, { files })).toEqual([]);
  expect(isEmptyPayload(payload, { files })).toBe(false);
  for (const words of wordsOf(reply)) {
    expect(words.trim()).not.toBe('');
    expect(words).not.toMatch(turning);
    expect(words).not.toMatch(halfCharacter);
    expect(words).not.toMatch(/undefined|NaN|\[object|null,/);
  }
  for (const { name, description, content } of files) {
    expect(name).toMatch(/^[\w.-]{1,100}$/);
    expect(description.length).toBeLessThanOrEqual(1024);
    expect('data' in content || !existsSync(content.path)).toBe(true);
  }
  expectToBeHarmless(reply, mentions);
}

/** In places that know Markdown, nothing of other people's mentions, links or formats. */
function expectToBeHarmless({ content = '', embeds = [] }: Reply, mentions: readonly string[]): void {
  const places = [content, ...embeds.flatMap(({ title = '', description = '' }) => [title, description])];
  for (const place of places) {
    const own = mentions.reduce((words, mention) => words.replaceAll(mention, ''), place);
    const unescaped = own.replaceAll(/\\[^A-Za-z0-9\s]/g, '');
    expect(own).not.toMatch(/@(everyone|here)/);
    expect(unescaped).not.toMatch(/<(@|#|:|a:|t:|\/)/);
    expect(unescaped).not.toMatch(/\]\(/);
    expect(unescaped).not.toMatch(/https?:\/\//);
    expect(unescaped).not.toMatch(/[`~|]/);
  }
}
