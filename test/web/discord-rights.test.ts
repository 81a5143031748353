import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scopeOf } from '../../src/web/discord-rights.ts';
import { asXml, okEnvelope } from '../../src/web/subsonic.ts';

const rights = { owners: ['1'], homeServers: ['home'] };
const user = (id: string, servers: { id: string; isOwner?: boolean; permissions?: string }[]) => ({
  ...{ id, name: 'Ada' },
  servers: servers.map(({ id: server, isOwner = false, permissions = '0' }) => ({ id: server, isOwner, permissions })),
});

describe('what a Discord user may do', () => {
  test.each([
    ['an owner anywhere', user('1', []), 'admin'],
    ['a member of a home server', user('2', [{ id: 'home' }]), 'query'],
    ['Manage Server there', user('2', [{ id: 'home', permissions: '32' }]), 'admin'],
    ['an administrator there', user('2', [{ id: 'home', permissions: '8' }]), 'admin'],
    ['the owner of the home server', user('2', [{ id: 'home', isOwner: true }]), 'admin'],
    ['Manage Server elsewhere', user('2', [{ id: 'other', permissions: '32' }]), null],
    [
      'Manage Server elsewhere, a member of the home server',
      user('2', [{ id: 'other', permissions: '32' }, { id: 'home' }]),
      'query',
    ],
    ['permissions that are no number', user('2', [{ id: 'home', permissions: '0x20' }]), 'query'],
  ] as const)('%s', (_what, who, scope) => {
    expect(scopeOf(who, rights)).toBe(scope);
  });

  test('without home servers, only owners are let in', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 60n }), fc.boolean(), (permissions, isOwner) => {
        const who = user('2', [{ id: 'home', isOwner, permissions: String(permissions) }]);
        expect(scopeOf(who, { owners: ['1'], homeServers: [] })).toBe(null);
      }),
    );
  });
});

/** XML 1.0 has no way to write these. */
const isWritable = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  return [0x9, 0xa, 0xd].includes(code) || (code >= 0x20 && code !== 0xfffe && code !== 0xffff);
};

test('XML for players holds no markup of other people, and no character that XML forbids', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (title) => {
      const xml = asXml(okEnvelope({ song: { title } }, '1'));
      const [, written = ''] = /<song title="([^"]*)"\/>/.exec(xml) ?? [];
      expect(written).not.toMatch(/[<>']/);
      const read = written.replace(/&#(\d+);/g, (_match, code) => String.fromCharCode(Number(code)));
      expect(read).toBe([...title].filter(isWritable).join(''));
    }),
  );
});
