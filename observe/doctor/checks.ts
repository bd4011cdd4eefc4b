import { alsoReads } from './checks/alsoReads.ts';
import { athenaLoads } from './checks/athena/athenaLoads.ts';
import { owoxWorkgroup, workgroup } from './checks/athena/workgroups.ts';
import { bucket, bucketSettings } from './checks/bucket.ts';
import { database, holdouts, partitions, tables, views } from './checks/catalog.ts';
import {
  alarms,
  curatedDays,
  exportedDays,
  quarantine,
  relay,
  requests,
  sources,
  stream,
  waiting,
} from './checks/cheap.ts';
import { forwarding } from './checks/delivery/forwarding.ts';
import { queues } from './checks/delivery/queues.ts';
import { streams } from './checks/delivery/streams.ts';
import { dataLake, deployer, unsimulated } from './checks/deployPermissions.ts';
import { experiments } from './checks/experiments.ts';
import { key } from './checks/key.ts';
import { names } from './checks/names.ts';
import { boundary, domain } from './checks/platform.ts';
import { clock, configuration, credentials, region } from './checks/preconditions.ts';
import { quotas } from './checks/quotas.ts';
import { readers } from './checks/readers.ts';
import { alarmTopic, stack, version } from './checks/stack.ts';
import { stages } from './checks/stages.ts';
import type { Check } from './runChecks.ts';

/** The checks of `sluice doctor`, in their order: a check comes before those that need it. */
export const checks: readonly Check[] = [
  configuration,
  credentials,
  clock,
  region,
  stages,
  stack,
  version,
  alarms,
  domain,
  boundary,
  bucket,
  bucketSettings,
  holdouts,
  key,
  database,
  tables,
  views,
  partitions,
  experiments,
  workgroup,
  owoxWorkgroup,
  athenaLoads,
  requests,
  streams,
  stream,
  waiting,
  quarantine,
  queues,
  relay,
  forwarding,
  sources,
  exportedDays,
  curatedDays,
  quotas,
  readers,
  alsoReads,
];

/** The checks of `sluice doctor --before-deploy`, none of which needs a stack. */
export const checksBeforeDeploy: readonly Check[] = [
  configuration,
  credentials,
  clock,
  region,
  stages,
  version,
  alarmTopic,
  names,
  dataLake,
  deployer,
  unsimulated,
  quotas,
];
