/** Lists a container with the sign-in of this process's environment, and prints the keys or the error. */

import { readConfig } from '../../../src/config/config.ts';
import { parseAzure } from '../../../src/config/library-location.ts';
import { AzureLibrary } from '../../../src/library/azure/azure-library.ts';
import { AzureAccounts } from '../../../src/library/azure/client.ts';
import { RangeServer } from '../../../src/library/range-server.ts';
import { Spool } from '../../../src/library/spool.ts';

const library = new AzureLibrary(parseAzure('azure://devstoreaccount1/music'), {
  accounts: new AzureAccounts(readConfig(process.env, '/').azure, new Set(['devstoreaccount1'])),
  spool: new Spool({ dir: '/nowhere', bytesMax: 1 }),
  ranges: new RangeServer(),
  bytesMax: 1,
  retryPolicy: { triesMax: 2, firstPauseMs: 10, tryMaxMs: 30_000 },
});
try {
  const listed = await Array.fromAsync(library.list());
  process.stdout.write(listed.map(({ key }) => key).join(','));
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code}: ${(error as Error).message}`);
}
process.exit();
