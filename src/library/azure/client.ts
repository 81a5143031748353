/** Opens containers of blobs with Azure's SDK, which is loaded with the first container: most programs never use one. */
import type { BlobServiceClient, ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import type { AzurePlace } from '../../config/library-location.ts';
import type { AzureOperation } from './errors.ts';
import type { AzureAccess, AzureSettings } from './settings.ts';
import { accessWords, chooseAccess, expiryOf } from './settings.ts';

export interface AzureContainer {
  readonly container: ContainerClient;
  /** What is requested of it, for error messages. */
  readonly operation: AzureOperation;
}

/** Retries are in retry.ts. */
const pipelineOptions: StoragePipelineOptions = {
  retryOptions: { maxTries: 1 },
  userAgentOptions: { userAgentPrefix: 'leitmotif' },
};

/** Locations in one account share its credential and connections. */
export class AzureAccounts {
  readonly #settings: AzureSettings;
  readonly #accounts: ReadonlySet<string>;
  readonly #services = new Map<string, Promise<{ service: BlobServiceClient; access: AzureAccess }>>();

  /** @param accounts all configured accounts: a key without an account name belongs to one of them */
  constructor(settings: AzureSettings, accounts: ReadonlySet<string>) {
    this.#settings = settings;
    this.#accounts = accounts;
  }

  /** Sends no request.
   *  @param action the operation for error messages: "list azure://account/container"
   *  @throws {LeitmotifError} 'config-invalid' */
  async container(
    { account, container }: Pick<AzurePlace, 'account' | 'container'>,
    action: string,
  ): Promise<AzureContainer> {
    let opened = this.#services.get(account);
    if (!opened) {
      opened = this.#open(account);
      this.#services.set(account, opened);
      opened.catch(() => this.#services.delete(account));
    }
    const { service, access } = await opened;
    const operation = { action, access: accessWords(access), expiresAtMs: expiryOf(access) };
    return { container: service.getContainerClient(container), operation };
  }

  async #open(account: string): Promise<{ service: BlobServiceClient; access: AzureAccess }> {
    const access = chooseAccess(account, this.#settings, this.#accounts);
    return { service: await makeService(account, access), access };
  }
}

async function makeService(account: string, access: AzureAccess): Promise<BlobServiceClient> {
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob');
  switch (access.kind) {
    case 'connection-string':
      return BlobServiceClient.fromConnectionString(access.connectionString, pipelineOptions);
    case 'key':
      return new BlobServiceClient(access.url, new StorageSharedKeyCredential(account, access.key), pipelineOptions);
    case 'sas':
      return new BlobServiceClient(`${access.url}?${access.sas}`, undefined, pipelineOptions);
    case 'principal': {
      const { ClientSecretCredential } = await import('@azure/identity');
      const { tenantId, clientId, clientSecret } = access.principal;
      const authority = await authorityOptions(access.authorityHost);
      const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, authority);
      return new BlobServiceClient(access.url, credential, pipelineOptions);
    }
    case 'default': {
      const { DefaultAzureCredential } = await import('@azure/identity');
      const credential = new DefaultAzureCredential(await authorityOptions(access.authorityHost));
      return new BlobServiceClient(access.url, credential, pipelineOptions);
    }
  }
}

/** Azure's public cloud vouches for the sign-in services of its sister clouds. It knows no others, and is not asked about them. */
async function authorityOptions(authorityHost: string | null) {
  if (authorityHost === null) return {};
  const { AzureAuthorityHosts } = await import('@azure/identity');
  const isKnown = Object.values(AzureAuthorityHosts).some((each) => new URL(each).host === new URL(authorityHost).host);
  return { authorityHost, disableInstanceDiscovery: !isKnown };
}
