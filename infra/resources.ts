import { alarms } from './alarms/alarms.ts';
import { dashboard } from './alarms/dashboard.ts';
import { loggedMetrics } from './alarms/loggedMetrics.ts';
import { catalog } from './data/catalog.ts';
import { key } from './data/key.ts';
import { keysSecret } from './data/keysSecret.ts';
import { storage } from './data/storage.ts';
import { views } from './data/views.ts';
import { exporting } from './drops/export.ts';
import { ingest } from './drops/ingest.ts';
import { type Extension, extensions } from './extensions.ts';
import { outputs } from './outputs.ts';
import { readers } from './readers/readers.ts';
import { workgroup } from './readers/workgroup.ts';
import { deliveryRoles } from './roles/deliveryRoles.ts';
import { functionRoles } from './roles/functionRoles.ts';
import { objectCreatedRules } from './streams/objectCreatedRules.ts';
import { queues } from './streams/queues.ts';
import { schedules } from './streams/schedules.ts';
import { streams } from './streams/streams.ts';
import type { Output, Resources } from './template/Resource.ts';
import type { Stack } from './template/Stack.ts';

/** Everything the deployment has besides functions and their triggers, which serverless.yml shows. */
export function resources(stack: Stack): {
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, Output>>;
  /** Serverless's word for it; it is no part of the template. */
  readonly extensions: Readonly<Record<string, Extension>>;
} {
  return {
    Resources: {
      ...key(stack),
      ...storage(stack),
      ...keysSecret(stack),
      ...catalog(stack),
      ...views(stack),
      ...workgroup(stack),
      ...deliveryRoles(stack),
      ...streams(stack),
      ...queues(stack),
      ...objectCreatedRules(stack),
      ...functionRoles(stack),
      ...readers(stack),
      ...schedules(stack),
      ...ingest(stack),
      ...exporting(stack),
      ...loggedMetrics(stack),
      ...alarms(stack),
      ...dashboard(stack),
    },
    Outputs: outputs(stack),
    extensions: extensions(stack),
  };
}
