import { expect, test } from 'vitest';
import { openCatalog } from './helpers.ts';

test('returns the defaults for a server without settings', () => {
  const { guildSettings } = openCatalog();
  expect(guildSettings.get('1')).toEqual({ shareChannelId: null, private: false, results: null });
});

test('changes only the given settings of one server', () => {
  const { guildSettings } = openCatalog();
  guildSettings.set('1', { shareChannelId: '10', private: true });
  expect(guildSettings.set('1', { results: 5 })).toEqual({ shareChannelId: '10', private: true, results: 5 });
  expect(guildSettings.set('1', { shareChannelId: null }).shareChannelId).toBeNull();
  expect(guildSettings.get('2')).toEqual({ shareChannelId: null, private: false, results: null });
});
