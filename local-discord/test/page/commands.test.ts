import type { APIApplicationCommand } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { chatCommands, findCommands, nestOptions } from '../../page/composer/commands.ts';
import { checkFilled, type Entered, rawOptions } from '../../page/composer/option-values.ts';

const commands = [
  {
    id: '1',
    type: 1,
    name: 'similar',
    name_localizations: { de: 'ähnlich' },
    description: 'Find',
    description_localizations: { de: 'Finden' },
    options: [
      { type: 11, name: 'clip', description: 'A file', file_types: ['audio'] },
      { type: 3, name: 'piece', description: 'A piece', autocomplete: true, max_length: 20 },
      {
        type: 4,
        name: 'results',
        name_localizations: { de: 'anzahl' },
        description: 'How many',
        min_value: 1,
        max_value: 10,
      },
      { type: 5, name: 'private', description: 'Only you' },
    ],
  },
  {
    id: '2',
    type: 1,
    name: 'library',
    description: 'Library',
    options: [
      { type: 1, name: 'status', description: 'Status' },
      {
        type: 2,
        name: 'run',
        description: 'Runs',
        options: [
          {
            type: 1,
            name: 'start',
            description: 'Start',
            options: [{ type: 7, name: 'where', description: 'Where', required: true }],
          },
        ],
      },
    ],
  },
  { id: '3', type: 3, name: 'Find similar music', description: '' },
] as unknown as APIApplicationCommand[];

const [runEntry, , similar] = chatCommands(commands, 'en-GB');
if (!runEntry || !similar) throw new TypeError('Expected three commands');
const filled = (values: Record<string, Partial<Entered>>) =>
  new Map(Object.entries(values).map(([name, value]): [string, Entered] => [name, { text: '', ...value }]));
const mp3 = new File(['a'], 'a.mp3', { type: 'audio/mpeg' });

test('lists subcommands as separate entries, sorted, without message commands', () => {
  expect(chatCommands(commands, 'en-GB').map(({ title }) => title)).toEqual([
    'library run start',
    'library status',
    'similar',
  ]);
});

test('uses the user’s language and still finds registered names', () => {
  const german = chatCommands(commands, 'de');
  expect(german.map(({ title }) => title)).toContain('ähnlich');
  expect(findCommands(german, 'simi').map(({ title, description }) => [title, description])).toEqual([
    ['ähnlich', 'Finden'],
  ]);
  expect(findCommands(german, 'ähn')[0]?.options.map(({ title }) => title)).toEqual([
    'clip',
    'piece',
    'anzahl',
    'private',
  ]);
});

test('lists entries that begin with the words before those that contain them', () => {
  expect(findCommands(chatCommands(commands, 'en-GB'), 's').map(({ title }) => title)).toEqual([
    'similar',
    'library run start',
    'library status',
  ]);
});

test('nests values in groups and subcommands as Discord does', () => {
  expect(nestOptions(runEntry, [{ name: 'where', type: 7, value: '5' }])).toEqual([
    { name: 'run', type: 2, options: [{ name: 'start', type: 1, options: [{ name: 'where', type: 7, value: '5' }] }] },
  ]);
});

test('sends values with their types, and files by index', () => {
  const { options, files, problems } = checkFilled(
    similar.options,
    filled({
      clip: { file: mp3 },
      results: { text: ' 3 ' },
      private: { choice: { name: 'True', value: 'true' } },
      piece: {},
    }),
  );
  expect(problems.size).toBe(0);
  expect(files).toEqual([mp3]);
  expect(options).toEqual([
    { name: 'clip', type: 11, value: 0 },
    { name: 'results', type: 4, value: 3 },
    { name: 'private', type: 5, value: true },
  ]);
});

test('sends the value of a choice, or the typed text without one', () => {
  const choice = { name: 'Waltz', value: 'id-7' };
  expect(checkFilled(similar.options, filled({ piece: { text: 'Waltz', choice } })).options[0]?.value).toBe('id-7');
  expect(checkFilled(similar.options, filled({ piece: { text: 'walt' } })).options[0]?.value).toBe('walt');
});

test.each<[string, Record<string, Partial<Entered>>]>([
  ['A number, please.', { results: { text: 'many' } }],
  ['A whole number, please.', { results: { text: '1.5' } }],
  ['A number from 1 to 10, please.', { results: { text: '11' } }],
  ['Between 0 and 20 characters, please.', { piece: { text: 'a'.repeat(21) } }],
  ['This option takes audio.', { clip: { file: new File(['a'], 'a.txt') } }],
])('says "%s"', (problem, values) => {
  expect([...checkFilled(similar.options, filled(values)).problems.values()]).toEqual([problem]);
});

test('asks for a required option', () => {
  expect([...checkFilled(runEntry.options, new Map()).problems]).toEqual([['where', 'This option is required.']]);
});

test('requests choices with the valid other options only', () => {
  const values = filled({
    piece: { text: 'wal' },
    results: { text: 'x' },
    private: { choice: { name: 'True', value: 'true' } },
  });
  expect(rawOptions(similar.options, values, 'piece')).toEqual([
    { name: 'piece', type: 3, value: 'wal' },
    { name: 'private', type: 5, value: true },
  ]);
});
