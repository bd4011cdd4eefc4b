import { dayRoutes } from './days.ts';
import { deploymentRoutes } from './deployment.ts';
import { liveRoutes } from './live.ts';
import { localRoutes } from './local.ts';
import { quarantineRoutes } from './quarantine.ts';
import type { Route } from './route.ts';
import { sqlRoutes } from './sql.ts';
import { statusRoutes } from './status.ts';
import { tableRoutes } from './tables.ts';
import { traceRoutes } from './trace.ts';

/** Every call of the console's API: docs/reference/json.md. */
export const routes: readonly Route[] = [
  ...deploymentRoutes,
  ...statusRoutes,
  ...liveRoutes,
  ...traceRoutes,
  ...tableRoutes,
  ...sqlRoutes,
  ...dayRoutes,
  ...quarantineRoutes,
  ...localRoutes,
];
