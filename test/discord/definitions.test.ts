import { ApplicationCommandOptionType } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { allDefinitions } from '../../commands/all.ts';
import { findSimilarMusicDefinition } from '../../commands/find-similar-music.ts';
import { helpDefinition } from '../../commands/help.ts';
import { privacyDefinition } from '../../commands/privacy.ts';
import { similarDefinition } from '../../commands/similar.ts';
import { takesFile } from '../../local-discord/server/file-types.ts';

/** @see https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming */
const chatName = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

interface Named {
  readonly name: string;
  readonly name_localizations?: Readonly<Record<string, string | null | undefined>> | null | undefined;
  readonly description?: string | undefined;
  readonly description_localizations?: Readonly<Record<string, string | null | undefined>> | null | undefined;
}

const namesOf = ({ name, name_localizations }: Named) => [name, ...Object.values(name_localizations ?? {})];
const descriptionsOf = (named: Named) => [named.description, ...Object.values(named.description_localizations ?? {})];

const similar = similarDefinition();

function fileTypesOf(name: string): readonly string[] {
  const option = similar.options?.find((each) => each.name === name);
  return option && 'file_types' in option ? (option.file_types ?? []) : [];
}

const parts: readonly Named[] = [similar, ...(similar.options ?? [])];

describe('/similar', () => {
  test.each(parts.map((part) => [part.name, part] as const))(
    '%s has a name and a description that Discord accepts, in each language',
    (_name, part) => {
      expect(Object.keys(part.name_localizations ?? {})).toEqual(['de']);
      for (const name of namesOf(part)) {
        expect(name).toMatch(chatName);
        expect(name).toBe(name?.toLowerCase());
      }
      for (const description of descriptionsOf(part)) {
        expect(description?.length).toBeGreaterThan(0);
        expect(description?.length).toBeLessThanOrEqual(100);
      }
    },
  );

  test('has at most 25 options and 8000 characters, and unique names in each language', () => {
    expect(similar.options?.length).toBeLessThanOrEqual(25);
    const characters = parts.flatMap((part) => [...namesOf(part), ...descriptionsOf(part)]).join('').length;
    expect(characters).toBeLessThanOrEqual(8000);
    for (const language of [0, 1]) {
      const names = (similar.options ?? []).map((option) => namesOf(option)[language]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test.each(['mp3', 'm4a', 'ogg', 'opus', 'flac', 'wav', 'MP4', 'mov', 'webm', 'aac', 'aif', 'aiff', 'wma', 'amr'])(
    'takes a clip that ends in .%s, as Discord filters files',
    (extension) => expect(takesFile(fileTypesOf('clip'), `song.${extension}`)).toBe(true),
  );

  test('lists at most the ten file types that Discord allows, and no pictures', () => {
    expect(fileTypesOf('clip').length).toBeLessThanOrEqual(10);
    for (const name of ['cover.png', 'notes.txt', 'song.mid']) expect(takesFile(fileTypesOf('clip'), name)).toBe(false);
  });

  test('promises no links to messages whose content the bot cannot see', () => {
    const link = similar.options?.find(({ name }) => name === 'link');
    for (const text of descriptionsOf(link as Named))
      expect(text).not.toMatch(/link to a Discord message|Discord-Nachricht/);
  });

  test('accepts audio, autocompletes tracks, and requires no option', () => {
    const byName = new Map((similar.options ?? []).map((option) => [option.name, option]));
    expect(byName.get('clip')).toMatchObject({ type: ApplicationCommandOptionType.Attachment });
    expect(byName.get('piece')).toMatchObject({ autocomplete: true });
    expect(byName.get('results')).toMatchObject({ min_value: 1, max_value: 10 });
    expect([...byName.keys()]).toEqual([
      'clip',
      'link',
      'piece',
      'results',
      'from',
      'to',
      'private',
      'same_artist',
      'focus',
    ]);
    const choices = (byName.get('focus') as { choices?: { value: string }[] } | undefined)?.choices;
    expect(choices?.map(({ value }) => value)).toEqual(['balanced', 'sound', 'harmony']);
    expect((similar.options ?? []).filter(({ required }) => required)).toEqual([]);
  });
});

test('the message menu has a name of at most 32 characters in each language, and no description', () => {
  const definition = findSimilarMusicDefinition();
  expect(namesOf(definition)).toEqual(['Find similar music', 'Ähnliche Musik finden']);
  expect(definition).not.toHaveProperty('description');
});

describe('where the commands can be used', () => {
  const [servers, everywhere] = [[0], [0, 1, 2]];

  test.each(allDefinitions().map((definition) => [definition.name, definition] as const))('%s', (name, definition) => {
    const { contexts, integration_types: installs } = definition;
    // The library belongs to servers: its commands are for their admins.
    expect({ contexts, installs }).toEqual(
      name === 'library' ? { contexts: servers, installs: [0] } : { contexts: everywhere, installs: [0, 1] },
    );
  });

  test.each([helpDefinition(), privacyDefinition()].map((definition) => [definition.name, definition] as const))(
    '/%s has a name and a description that Discord accepts, in each language',
    (_name, definition) => {
      for (const name of namesOf(definition)) expect(name).toMatch(chatName);
      expect(namesOf(definition)).toHaveLength(2);
      for (const description of descriptionsOf(definition)) {
        expect(description?.length).toBeGreaterThan(0);
        expect(description?.length).toBeLessThanOrEqual(100);
      }
    },
  );
});
