/** Removes secrets from the environment. */
import type { variables } from './variables.ts';

/** Removed from the environment before child processes inherit it. */
const secrets = [
  'DISCORD_TOKEN',
  'DISCORD_CLIENT_SECRET',
  'EMBEDDING_WORKER_TOKEN',
  'OPEN_INFERENCE_TOKEN',
  'DATABRICKS_TOKEN',
  'DATABRICKS_CLIENT_SECRET',
  'HF_TOKEN',
  // It may hold a user and a password of a mirror.
  'PIP_INDEX_URL',
  'MILVUS_PASSWORD',
  'MILVUS_TOKEN',
  'AZURE_STORAGE_CONNECTION_STRING',
  'AZURE_STORAGE_KEY',
  'AZURE_STORAGE_SAS_TOKEN',
  'AZURE_CLIENT_SECRET',
] as const satisfies readonly (keyof typeof variables)[];

/** Call after the configuration is read, so that ffmpeg, the worker and the index processes inherit no secret. */
export function forgetSecrets(environment: Record<string, string | undefined>): void {
  for (const name of secrets) delete environment[name];
}
