/** Builds the services of `npm run models`, which needs neither catalog nor worker. */
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { downloadableModels } from '../models/catalogue.ts';
import { storedToken } from '../models/download/hub.ts';
import { Models } from '../models/models.ts';
import { shippedModelsDir } from './models-dirs.ts';

export async function buildModels({ modelsDir, hub, packageIndex }: Config, root: string): Promise<Models> {
  const { endpoint, offline, home, proxy } = hub;
  return new Models({
    shippedDir: shippedModelsDir(root),
    modelsDir,
    catalogue: downloadableModels,
    packageIndex,
    hub: { endpoint, token: hub.token ?? (await storedToken(home)), offline, cacheDir: path.join(home, 'hub'), proxy },
  });
}
