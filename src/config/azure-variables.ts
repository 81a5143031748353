/** The environment variables of Azure Blob Storage. */
import { z } from 'zod';
import { httpUrl, optionalText, type Variable, variable } from './schemas.ts';

export const azureVariables = {
  AZURE_STORAGE_CONNECTION_STRING: variable(
    optionalText,
    undefined,
    'text',
    'connection string of the storage account; or set one of the variables below, or use the credentials of this machine ' +
      '(az login, a managed or a workload identity)',
  ),
  AZURE_STORAGE_KEY: variable(optionalText, undefined, 'text', 'key of the storage account'),
  AZURE_STORAGE_SAS_TOKEN: variable(
    optionalText,
    undefined,
    'text',
    'shared access signature with the rights read and list; clips also need create, write and delete',
  ),
  AZURE_STORAGE_ACCOUNT: variable(
    z
      .string()
      .regex(/^[a-z0-9]{3,24}$/, 'expected 3 to 24 small letters and digits')
      .optional(),
    undefined,
    'name',
    'account of the key or signature; required when there are several accounts',
  ),
  AZURE_STORAGE_ENDPOINT: variable(
    httpUrl,
    undefined,
    'http(s) address',
    'address of the blob service, with {account} for the account; unset: https://{account}.blob.core.windows.net. ' +
      'For an emulator: http://127.0.0.1:10000/devstoreaccount1',
  ),
  AZURE_TENANT_ID: variable(optionalText, undefined, 'id', 'tenant of a service principal'),
  AZURE_CLIENT_ID: variable(
    optionalText,
    undefined,
    'id',
    'client id of the service principal, or (alone) of a managed identity',
  ),
  AZURE_CLIENT_SECRET: variable(optionalText, undefined, 'text', 'secret of the service principal'),
  AZURE_AUTHORITY_HOST: variable(
    httpUrl,
    undefined,
    'https address',
    'sign-in service of another cloud, for example https://login.microsoftonline.us; unset: https://login.microsoftonline.com',
  ),
} as const satisfies Record<string, Variable<unknown>>;
