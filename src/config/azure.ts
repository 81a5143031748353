/** The configuration of Azure Blob Storage. src/library/azure/settings.ts decides which credential is used for which account. */
import { isThisMachine } from './urls.ts';
import { invalid } from './values.ts';
import type { Values } from './variables.ts';

export function azureOf(v: Values) {
  const endpoint = v.AZURE_STORAGE_ENDPOINT ?? null;
  const [tenantId, clientId, clientSecret] = [v.AZURE_TENANT_ID, v.AZURE_CLIENT_ID, v.AZURE_CLIENT_SECRET];
  const authorityHost = v.AZURE_AUTHORITY_HOST ?? null;
  const problems: string[] = [];
  // Over http a signature would be readable on the network. That of an emulator is public.
  const isEmulator = endpoint?.endsWith('/devstoreaccount1') ?? false;
  if (endpoint?.startsWith('http:') && !isEmulator && !isThisMachine(endpoint)) {
    problems.push(`AZURE_STORAGE_ENDPOINT: expected https, got "${endpoint}"`);
  }
  if (authorityHost?.startsWith('http:')) problems.push(`AZURE_AUTHORITY_HOST: expected https, got "${authorityHost}"`);
  if (clientSecret !== undefined && (tenantId === undefined || clientId === undefined)) {
    problems.push('AZURE_CLIENT_SECRET: expected AZURE_TENANT_ID and AZURE_CLIENT_ID as well');
  }
  if (problems.length > 0) throw invalid(problems);
  return Object.freeze({
    endpoint,
    account: v.AZURE_STORAGE_ACCOUNT ?? null,
    connectionString: v.AZURE_STORAGE_CONNECTION_STRING ?? null,
    key: v.AZURE_STORAGE_KEY ?? null,
    sasToken: v.AZURE_STORAGE_SAS_TOKEN ?? null,
    authorityHost,
    principal: clientSecret && tenantId && clientId ? Object.freeze({ tenantId, clientId, clientSecret }) : null,
  });
}
