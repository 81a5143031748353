/** Selects the credential of a storage account. Pure: sends nothing to Azure. */
import { LeitmotifError } from '../../errors.ts';

/** Settings from the environment, with the variable names of Azure's tools. */
export interface AzureSettings {
  /** Address of the blob service; `{account}` is replaced by the account. */
  readonly endpoint: string | null;
  /** The account of `key` and `sasToken`. */
  readonly account: string | null;
  readonly connectionString: string | null;
  readonly key: string | null;
  readonly sasToken: string | null;
  /** Address of the sign-in service; null: that of the public cloud. */
  readonly authorityHost: string | null;
  /** A service principal. */
  readonly principal: { readonly tenantId: string; readonly clientId: string; readonly clientSecret: string } | null;
}

export type AzureAccess =
  | { readonly kind: 'connection-string'; readonly connectionString: string; readonly sas: string | null }
  | { readonly kind: 'key'; readonly url: string; readonly key: string }
  | { readonly kind: 'sas'; readonly url: string; readonly sas: string }
  | {
      readonly kind: 'principal';
      readonly url: string;
      readonly authorityHost: string | null;
      readonly principal: NonNullable<AzureSettings['principal']>;
    }
  | { readonly kind: 'default'; readonly url: string; readonly authorityHost: string | null };

const azureCloud = 'https://{account}.blob.core.windows.net';
/** What UseDevelopmentStorage=true means. */
const emulatorAccount = 'devstoreaccount1';

/** In the order of Azure's own tools: connection string, key, SAS, sign-in. A credential of another
 *  account is never used and never sent.
 *  @param accounts all configured accounts
 *  @throws {LeitmotifError} 'config-invalid' */
export function chooseAccess(account: string, settings: AzureSettings, accounts: ReadonlySet<string>): AzureAccess {
  const { connectionString, key, sasToken, principal } = settings;
  if (connectionString !== null) {
    const parts = partsOf(connectionString);
    if (accountOf(parts) === account) {
      return { kind: 'connection-string', connectionString, sas: parts.get('sharedaccesssignature') ?? null };
    }
  }
  const url = urlOf(account, settings, accounts);
  if ((key !== null || sasToken !== null) && credentialsBelongTo(account, settings, accounts)) {
    if (key !== null) return { kind: 'key', url, key };
    if (sasToken !== null) return { kind: 'sas', url, sas: sasToken.replace(/^\?/, '') };
  }
  const { authorityHost } = settings;
  return principal ? { kind: 'principal', url, authorityHost, principal } : { kind: 'default', url, authorityHost };
}

/** The variable with the credential, for error messages. */
export function accessWords(access: AzureAccess): string {
  switch (access.kind) {
    case 'connection-string':
      return 'AZURE_STORAGE_CONNECTION_STRING';
    case 'key':
      return 'AZURE_STORAGE_KEY';
    case 'sas':
      return 'AZURE_STORAGE_SAS_TOKEN';
    case 'principal':
      return 'AZURE_CLIENT_ID and AZURE_CLIENT_SECRET';
    case 'default':
      return "this machine's sign-in (DefaultAzureCredential)";
  }
}

/** Expiry of a SAS, milliseconds since 1970; null for a credential without a known expiry. */
export function expiryOf(access: AzureAccess): number | null {
  if (access.kind !== 'sas' && access.kind !== 'connection-string') return null;
  const end = access.sas === null ? null : new URLSearchParams(access.sas).get('se');
  const ms = end === null ? Number.NaN : Date.parse(end);
  return Number.isFinite(ms) ? ms : null;
}

/** Key and SAS do not name their account: it is the only configured one, or AZURE_STORAGE_ACCOUNT. */
function credentialsBelongTo(account: string, settings: AzureSettings, accounts: ReadonlySet<string>): boolean {
  if (settings.account !== null) return settings.account === account;
  if (accounts.size <= 1) return true;
  const name = settings.key === null ? 'AZURE_STORAGE_SAS_TOKEN' : 'AZURE_STORAGE_KEY';
  throw new LeitmotifError(
    'config-invalid',
    `Cannot use ${name}: there are ${accounts.size} accounts (${[...accounts].join(', ')}); ` +
      'AZURE_STORAGE_ACCOUNT has to say whose it is',
  );
}

function urlOf(account: string, { endpoint }: AzureSettings, accounts: ReadonlySet<string>): string {
  const template = endpoint ?? azureCloud;
  if (!template.includes('{account}') && accounts.size > 1) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot use AZURE_STORAGE_ENDPOINT for ${accounts.size} accounts: expected {account} in it`,
    );
  }
  return template.replaceAll('{account}', account).replace(/\/+$/, '');
}

function partsOf(connectionString: string): Map<string, string> {
  const pairs = connectionString.split(';').filter((part) => part.includes('='));
  return new Map(
    pairs.map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()];
    }),
  );
}

/** Without AccountName, as with a SAS, the endpoint names the account: the first label of the host, or the first path
 *  segment of an emulator. */
function accountOf(parts: ReadonlyMap<string, string>): string | null {
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return emulatorAccount;
  const named = parts.get('accountname');
  if (named !== undefined) return named;
  const endpoint = parts.get('blobendpoint');
  if (endpoint === undefined || !URL.canParse(endpoint)) return null;
  const { hostname, pathname } = new URL(endpoint);
  const [folder = ''] = pathname.split('/').filter(Boolean);
  return folder || (hostname.split('.')[0] ?? null);
}
