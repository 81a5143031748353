/** What only admins may: the routes behind the page "Admin". */
import type { RouteParts, WebServer } from '../web-server.ts';
import { backupRoutes } from './backups.ts';
import { clusterRoutes } from './clusters.ts';
import { failureRoutes } from './failures.ts';
import { libraryJobRoutes } from './library-jobs.ts';
import { operationRoutes } from './operations.ts';
import { reindexRoutes } from './reindexes.ts';
import { settingsRoutes } from './settings.ts';

export function adminRoutes(server: WebServer, parts: RouteParts): void {
  reindexRoutes(server, parts);
  failureRoutes(server, parts);
  clusterRoutes(server, parts);
  backupRoutes(server, parts);
  libraryJobRoutes(server, parts);
  operationRoutes(server, parts);
  settingsRoutes(server, parts);
}
