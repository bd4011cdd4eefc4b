import type { Check } from './Check.ts';
import { bucket } from './checks/bucket.ts';
import { bucketSettings } from './checks/bucketSettings.ts';
import { clock } from './checks/clock.ts';
import { configuration, holdouts } from './checks/configuration.ts';
import { credentials } from './checks/credentials.ts';
import { dataLake } from './checks/dataLake.ts';
import { deployer, unsimulated } from './checks/deployer.ts';
import { exportedDays } from './checks/exportedDays.ts';
import { key } from './checks/key.ts';
import { names } from './checks/names.ts';
import { owoxWorkgroup } from './checks/owoxWorkgroup.ts';
import { partitions } from './checks/partitions.ts';
import { queues } from './checks/queues.ts';
import { quotas } from './checks/quotas.ts';
import { readers } from './checks/readers.ts';
import { region } from './checks/region.ts';
import { sources } from './checks/sources.ts';
import { stack } from './checks/stack.ts';
import { streams } from './checks/streams.ts';
import { tables } from './checks/tables.ts';
import { views } from './checks/views.ts';
import { workgroup } from './checks/workgroup.ts';

/** Everything that `sluice doctor` looks at, in the order in which it does: one that others need comes before them. */
export const checks: readonly Check[] = [
  configuration,
  credentials,
  clock,
  region,
  stack,
  bucket,
  bucketSettings,
  holdouts,
  key,
  tables,
  views,
  partitions,
  workgroup,
  owoxWorkgroup,
  streams,
  queues,
  sources,
  exportedDays,
  quotas,
  readers,
];

/** What `sluice doctor --before-deploy` looks at: all of it without a stack. */
export const checksBeforeDeploy: readonly Check[] = [
  configuration,
  credentials,
  clock,
  region,
  names,
  dataLake,
  deployer,
  unsimulated,
  quotas,
];
