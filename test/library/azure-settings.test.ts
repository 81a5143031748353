import { describe, expect, test } from 'vitest';
import { AzureAccounts } from '../../src/library/azure/client.ts';
import { type AzureSettings, accessWords, chooseAccess, expiryOf } from '../../src/library/azure/settings.ts';
import { fails, noAccess } from '../support/azure-library.ts';
import { emulator } from '../support/azurite.ts';

const one = new Set(['acct']);
const two = new Set(['acct', 'other']);
const choose = (settings: Partial<AzureSettings>, accounts = one, account = 'acct') =>
  chooseAccess(account, { ...noAccess, ...settings }, accounts);

const connectionString = `DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=a2V5Cg==;EndpointSuffix=core.windows.net`;
const url = 'https://acct.blob.core.windows.net';

describe('credentials', () => {
  test('are tried in this order: connection string, key, signature, sign-in', () => {
    const principal = { tenantId: 't', clientId: 'c', clientSecret: 's' };
    expect(choose({ connectionString, key: 'k' }).kind).toBe('connection-string');
    expect(choose({ key: 'k', sasToken: 's', principal })).toEqual({ kind: 'key', url, key: 'k' });
    expect(choose({ sasToken: '?sv=1&sig=x', principal })).toEqual({ kind: 'sas', url, sas: 'sv=1&sig=x' });
    expect(choose({ principal })).toEqual({ kind: 'principal', url, authorityHost: null, principal });
    expect(choose({})).toEqual({ kind: 'default', url, authorityHost: null });
  });

  test('exclude a connection string of another account', () => {
    expect(choose({ connectionString }, two, 'other')).toEqual({
      kind: 'default',
      authorityHost: null,
      url: 'https://other.blob.core.windows.net',
    });
    const sas = 'BlobEndpoint=https://acct.blob.core.windows.net;SharedAccessSignature=sv=1&se=2020-01-01&sig=x';
    expect(choose({ connectionString: sas }).kind).toBe('connection-string');
    expect(choose({ connectionString: sas }, two, 'other').kind).toBe('default');
    const emulated = 'UseDevelopmentStorage=true';
    expect(choose({ connectionString: emulated }).kind).toBe('default');
    expect(choose({ connectionString: emulated }, one, emulator.account).kind).toBe('connection-string');
  });

  test('exclude a key without an account name when there are several accounts', () => {
    expect(() => choose({ key: 'k' }, two)).toThrow(/AZURE_STORAGE_ACCOUNT has to say whose it is/);
    expect(() => choose({ sasToken: 'k' }, two)).toThrow(/AZURE_STORAGE_SAS_TOKEN: there are 2 accounts/);
    expect(choose({ key: 'k', account: 'acct' }, two).kind).toBe('key');
    expect(choose({ key: 'k', account: 'acct' }, two, 'other').kind).toBe('default');
  });

  test('exclude an endpoint of one account for another, unless it has a placeholder for the account', () => {
    const endpoint = 'https://{account}.blob.core.chinacloudapi.cn/';
    expect(choose({ endpoint }, two)).toMatchObject({ url: 'https://acct.blob.core.chinacloudapi.cn' });
    const emulated = 'http://127.0.0.1:10000/devstoreaccount1';
    expect(choose({ endpoint: emulated, key: 'k' })).toMatchObject({ url: emulated });
    expect(() => choose({ endpoint: emulated }, two)).toThrow(/expected \{account\} in it/);
  });

  test('are named by variable, never by value, with their expiry', () => {
    const sas = choose({ sasToken: 'se=2026-01-02T03%3A04%3A05Z&sig=SECRET' });
    expect(accessWords(sas)).toBe('AZURE_STORAGE_SAS_TOKEN');
    expect(expiryOf(sas)).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(expiryOf(choose({ key: 'k' }))).toBeNull();
    expect(accessWords(choose({}))).toMatch(/DefaultAzureCredential/);
  });
});

describe('a client', () => {
  test.each([
    ['a connection string', { connectionString }, url],
    ['a key', { key: 'a2V5Cg==' }, url],
    ['a signature', { sasToken: 'sv=1&sig=x' }, `${url}/music?sv=1&sig=x`],
    ['a service principal', { principal: { tenantId: 'tenant', clientId: 'client', clientSecret: 'secret' } }, url],
    ["this machine's sign-in", {}, url],
  ])('is created from %s without a request', async (_, settings, address) => {
    const accounts = new AzureAccounts({ ...noAccess, ...settings }, one);
    const { container } = await accounts.container({ account: 'acct', container: 'music' }, 'list it');
    expect(container.url.startsWith(address)).toBe(true);
    expect(container.accountName).toBe('acct');
  });

  test('is not created from contradictory settings, and can be requested again', async () => {
    const accounts = new AzureAccounts({ ...noAccess, key: 'k' }, two);
    for (const _ of [1, 2]) {
      await expect(accounts.container({ account: 'acct', container: 'music' }, 'list it')).rejects.toEqual(
        fails('config-invalid'),
      );
    }
  });
});
