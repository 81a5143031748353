import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { compareCodePoints, formatLibraries, parseAzure, parseLibraries } from '../../src/config/library-location.ts';

describe('one location', () => {
  test.each([
    ['file:/music', 'file:/music'],
    [' file:/a, b; c=d ', 'file:/a, b; c=d'],
    ['azure://acct/music', 'azure://acct/music'],
    ['azure://acct/music//a b/c/', 'azure://acct/music/a b/c'],
    ['azure://acct/$root', 'azure://acct/$root'],
  ])('%s needs no name', (text, location) => {
    expect(parseLibraries(text)).toEqual([{ name: null, location }]);
  });
});

describe('several locations', () => {
  test('have names and are sorted by the prefix of their keys', () => {
    const text = 'studio=azure://acct/music/x; live-2=file:/live, 2;live=file:/mnt/a;b, ü=file:relative';
    expect(parseLibraries(text)).toEqual([
      { name: 'live-2', location: 'file:/live, 2' },
      { name: 'live', location: 'file:/mnt/a;b' },
      { name: 'studio', location: 'azure://acct/music/x' },
      { name: 'ü', location: 'file:relative' },
    ]);
  });

  test('parse back from their formatted text', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/);
    const location = fc.oneof(
      fc.stringMatching(/^[a-z /.;,=-]{1,12}$/).map((path) => `file:/${path.trim()}x`),
      fc.stringMatching(/^[a-z]{1,8}$/).map((prefix) => `azure://account/container/${prefix}`),
    );
    const places = fc.uniqueArray(fc.record({ name, location }), { minLength: 1, selector: ({ name: own }) => own });
    fc.assert(
      fc.property(places, (given) => {
        const text = formatLibraries(given);
        const read = parseLibraries(text);
        expect(read.toSorted((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))).toEqual(
          given.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        );
        expect(formatLibraries(parseLibraries(formatLibraries(read)))).toBe(formatLibraries(read));
      }),
    );
  });
});

test.each([
  ['/music', /expected file:\/path, azure:\/\/account\/container or NAME=PLACE/],
  ['a=file:/x; a=file:/y', /each name once/],
  ['a/b=file:/x', /NAME=PLACE/],
  ['a=ftp://x', /expected file:\/path or azure:/],
  ['file:', /expected file:/],
  ['azure://Account/music', /azure:\/\/account\/container/],
  ['azure://acct/Mu_sic', /azure:\/\/account\/container/],
  ['azure://acct', /azure:\/\/account\/container/],
  ['azure://acct/m?sig=SECRET', /\?\.\.\."$/],
])('%s is refused', (text, words) => {
  expect(() => parseLibraries(text)).toThrow(words);
});

test('ends a prefix at a folder', () => {
  expect(parseAzure('azure://acct/music/a/b')).toEqual({ account: 'acct', container: 'music', prefix: 'a/b/' });
  expect(parseAzure('azure://acct/music')).toEqual({ account: 'acct', container: 'music', prefix: '' });
});

test('compares texts like their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

describe('the configuration', () => {
  test('accepts locations, keys and an emulator', () => {
    const config = readConfig(
      {
        ...{ LIBRARY: 'a=file:/x; b=azure://acct/music', CLIPS: 'azure://acct/clips', SPOOL_MAX_MB: '7' },
        ...{ AZURE_STORAGE_KEY: 'k', AZURE_STORAGE_ACCOUNT: 'acct' },
        AZURE_STORAGE_ENDPOINT: 'http://azurite:10000/devstoreaccount1',
      },
      '/x',
    );
    expect(config).toMatchObject({ library: 'a=file:/x; b=azure://acct/music', clips: 'azure://acct/clips' });
    expect(config).toMatchObject({ spoolBytesMax: 7e6, azure: { key: 'k', account: 'acct', principal: null } });
  });

  test('accepts a service principal only when it is complete', () => {
    const id = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' };
    const { azure } = readConfig({ ...id, AZURE_CLIENT_SECRET: 's' }, '/x');
    expect(azure.principal).toEqual({ tenantId: 't', clientId: 'c', clientSecret: 's' });
    expect(readConfig({ AZURE_CLIENT_ID: 'c' }, '/x').azure.principal).toBeNull();
    expect(() => readConfig({ AZURE_CLIENT_SECRET: 's', AZURE_CLIENT_ID: 'c' }, '/x')).toThrow(/AZURE_TENANT_ID/);
  });

  test.each([
    [{ LIBRARY: '/music' }, /LIBRARY: expected file:/],
    [{ LIBRARY: 'azure://acct/m?sv=1&sig=SECRET' }, /LIBRARY/],
    [{ CLIPS: 'a=file:/x' }, /CLIPS: expected one place, without a name/],
    [{ AZURE_STORAGE_ENDPOINT: 'http://blob.example' }, /AZURE_STORAGE_ENDPOINT: expected https/],
    [{ AZURE_STORAGE_ACCOUNT: 'A_B' }, /AZURE_STORAGE_ACCOUNT/],
    [{ SPOOL_MAX_MB: '0' }, /SPOOL_MAX_MB/],
  ])('refuses %j', (environment, words) => {
    const read = () => readConfig(environment as Record<string, string>, '/x');
    expect(read).toThrow(words);
    expect(read).not.toThrow(/SECRET/);
  });
});
