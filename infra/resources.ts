import { alarms } from './alarms.ts';
import { catalog } from './catalog.ts';
import { dashboard } from './dashboard.ts';
import { deliveryRoles } from './deliveryRoles.ts';
import { exporting } from './export.ts';
import { type Extension, extensions } from './extensions.ts';
import { functionRoles } from './functionRoles.ts';
import { ingest } from './ingest.ts';
import { key } from './key.ts';
import { keysSecret } from './keysSecret.ts';
import { loggedMetrics } from './loggedMetrics.ts';
import { objectCreatedRules } from './objectCreatedRules.ts';
import { outputs } from './outputs.ts';
import { queues } from './queues.ts';
import type { Output, Resources } from './Resource.ts';
import { readers } from './readers.ts';
import type { Stack } from './Stack.ts';
import { schedules } from './schedules.ts';
import { storage } from './storage.ts';
import { streams } from './streams.ts';
import { views } from './views.ts';
import { workgroup } from './workgroup.ts';

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
