import type { Check } from './Check.ts';
import { bucket } from './checks/bucket.ts';
import { bucketSettings } from './checks/bucketSettings.ts';
import { clock } from './checks/clock.ts';
import { configuration, holdouts } from './checks/configuration.ts';
import { credentials } from './checks/credentials.ts';
import { exportedDays } from './checks/exportedDays.ts';
import { key } from './checks/key.ts';
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
