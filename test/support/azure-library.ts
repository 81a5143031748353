/** A library in Azurite as in the program, but with shorter timeouts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { parseAzure } from '../../src/config/library-location.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { AzureLibrary, type AzureParts } from '../../src/library/azure/azure-library.ts';
import { AzureAccounts } from '../../src/library/azure/client.ts';
import type { AzureSettings } from '../../src/library/azure/settings.ts';
import { RangeServer } from '../../src/library/range-server.ts';
import { Spool } from '../../src/library/spool.ts';
import { emulator } from './azurite.ts';

export const impatient = { triesMax: 3, firstPauseMs: 20, tryMaxMs: 5000 };

export const noAccess: AzureSettings = {
  ...{ endpoint: null, account: null, connectionString: null, key: null, sasToken: null },
  ...{ authorityHost: null, principal: null },
};

export interface PlacedLibrary {
  readonly library: AzureLibrary;
  readonly spoolDir: string;
}

/** @param container or container/prefix */
export function azureLibrary(
  container: string,
  endpoint: string,
  changes: Partial<AzureParts> & { readonly settings?: Partial<AzureSettings>; readonly spoolBytesMax?: number } = {},
): PlacedLibrary {
  const { settings, spoolBytesMax = 1e9, ...parts } = changes;
  const spoolDir = mkdtempSync(path.join(tmpdir(), 'leitmotif-spool-'));
  const ranges = new RangeServer();
  onTestFinished(async () => {
    await ranges.close();
    rmSync(spoolDir, { recursive: true, force: true });
  });
  const access = { ...noAccess, endpoint, ...(settings ?? { key: emulator.key }) };
  const library = new AzureLibrary(parseAzure(`azure://${emulator.account}/${container}`), {
    accounts: new AzureAccounts(access, new Set([emulator.account])),
    spool: new Spool({ dir: spoolDir, bytesMax: spoolBytesMax }),
    ranges,
    bytesMax: 1e9,
    retryPolicy: impatient,
    ...parts,
  });
  return { library, spoolDir };
}

export function fails(code: ErrorCode, message = /./) {
  return expect.objectContaining({ code, message: expect.stringMatching(message) });
}
