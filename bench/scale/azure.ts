/** The same library in an Azure Blob Storage on this machine: the cost of a run without changes. */
import PQueue from 'p-queue';
import { Catalog } from '../../src/catalog/catalog.ts';
import { parseAzure } from '../../src/config/library-location.ts';
import { AzureLibrary } from '../../src/library/azure/azure-library.ts';
import { AzureAccounts } from '../../src/library/azure/client.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Library } from '../../src/library/library.ts';
import { RangeServer } from '../../src/library/range-server.ts';
import { Spool } from '../../src/library/spool.ts';
import { noAccess } from '../../test/support/azure-library.ts';
import { Azurite, emulator } from '../../test/support/azurite.ts';
import { scaleContent, scaleKey } from './library.ts';
import { runCommand } from './processes.ts';

const container = 'music';
const uploadsAtOnce = 16;

/** Uploads the recordings, sets their metadata in the catalog, runs the command, and resets the metadata to those of the folder.
 *  @returns milliseconds of each run */
export async function scanAzure(
  { catalogPath, music, tracks }: { readonly catalogPath: string; readonly music: string; readonly tracks: number },
  runs: number,
  environment: NodeJS.ProcessEnv,
): Promise<number[]> {
  await using azurite = await Azurite.start();
  const client = await azurite.container(container);
  const queue = new PQueue({ concurrency: uploadsAtOnce });
  const upload = (track: number) => {
    const content = scaleContent(track);
    return client.getBlockBlobClient(scaleKey(track)).upload(content, content.length);
  };
  await queue.addAll(Array.from({ length: tracks }, (_, track) => () => upload(track)));
  const ranges = new RangeServer();
  const location = `azure://${emulator.account}/${container}`;
  try {
    const access = { ...noAccess, endpoint: azurite.endpoint, key: emulator.key };
    const library = new AzureLibrary(parseAzure(location), {
      accounts: new AzureAccounts(access, new Set([emulator.account])),
      spool: new Spool({ dir: `${catalogPath}.spool`, bytesMax: 0 }),
      ranges,
      bytesMax: 0,
    });
    await takeLooks(catalogPath, library);
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      times.push((await runCommand(['index', location], { ...environment, ...azurite.environment })).wallMs);
    }
    await takeLooks(catalogPath, new FolderLibrary(music));
    return times;
  } finally {
    await ranges.close();
  }
}

async function takeLooks(catalogPath: string, library: Library): Promise<void> {
  using catalog = new Catalog(catalogPath);
  for await (const listed of library.list({})) if (listed.type === 'file') catalog.files.touch(listed);
  catalog.libraryLocation = library.location;
}
