import { expect, test } from 'vitest';
import { openCatalog } from './helpers.ts';

test('a server that said nothing has the defaults', () => {
  const { guildSettings } = openCatalog();
  expect(guildSettings.get('1')).toEqual({ shareChannelId: null, private: false, results: null });
});

test('changes what is given, leaves the rest, and keeps servers apart', () => {
  const { guildSettings } = openCatalog();
  guildSettings.set('1', { shareChannelId: '10', private: true });
  expect(guildSettings.set('1', { results: 5 })).toEqual({ shareChannelId: '10', private: true, results: 5 });
  expect(guildSettings.set('1', { shareChannelId: null }).shareChannelId).toBeNull();
  expect(guildSettings.get('2')).toEqual({ shareChannelId: null, private: false, results: null });
});
