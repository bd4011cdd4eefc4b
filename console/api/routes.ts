import { curateRoutes } from './curate.ts';
import { deploymentRoutes } from './deployment.ts';
import { dropRoutes } from './drops.ts';
import { experimentRoutes } from './experiments.ts';
import { liveRoutes } from './live.ts';
import { localRoutes } from './local.ts';
import { nameRoutes } from './names.ts';
import { quarantineRoutes } from './quarantine.ts';
import type { Route } from './route.ts';
import { sqlRoutes } from './sql.ts';
import { statusRoutes } from './status.ts';
import { tableRoutes } from './tables.ts';

/** Every call of the console's API: docs/console.md. */
export const routes: readonly Route[] = [
  ...deploymentRoutes,
  ...statusRoutes,
  ...liveRoutes,
  ...experimentRoutes,
  ...nameRoutes,
  ...tableRoutes,
  ...curateRoutes,
  ...sqlRoutes,
  ...dropRoutes,
  ...quarantineRoutes,
  ...localRoutes,
];
