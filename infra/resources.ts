import { alarms } from './alarms.ts';
import { catalog } from './catalog.ts';
import { deliveryRoles } from './deliveryRoles.ts';
import { functionRoles } from './functionRoles.ts';
import { key } from './key.ts';
import { keysSecret } from './keysSecret.ts';
import { objectCreatedRules } from './objectCreatedRules.ts';
import { type Output, outputs } from './outputs.ts';
import { queues } from './queues.ts';
import type { Resources } from './Resource.ts';
import type { Stack } from './Stack.ts';
import { schedules } from './schedules.ts';
import { storage } from './storage.ts';
import { streams } from './streams.ts';
import { workgroup } from './workgroup.ts';

/** Everything the deployment has besides functions and their triggers, which serverless.yml shows. */
export function resources(stack: Stack): { Resources: Resources; Outputs: Readonly<Record<string, Output>> } {
  return {
    Resources: {
      ...key(stack),
      ...storage(stack),
      ...keysSecret(stack),
      ...catalog(stack),
      ...workgroup(stack),
      ...deliveryRoles(stack),
      ...streams(stack),
      ...queues(stack),
      ...objectCreatedRules(stack),
      ...functionRoles(stack),
      ...schedules(stack),
      ...alarms(stack),
    },
    Outputs: outputs(stack),
  };
}
