import type { AwsService } from '../protocol/AwsService.ts';
import { type Engines, openEngines, type StackNow } from '../server/openEngines.ts';
import { type CloudState, openState } from '../server/openState.ts';
import { serviceTable } from '../server/serviceTable.ts';

export type { StackNow };

/** The parts of a cloud: nothing runs a function, and nothing listens. */
export interface CloudParts extends CloudState, Engines {
  /** What answers at an endpoint. */
  readonly services: readonly AwsService[];
}

/**
 * Opens the parts of a local cloud, of which a test makes one that it can break.
 *
 * @param opened Closes them.
 * @param directory Where they keep their state.
 * @param stack Gives the stack, with its alarms, when it is asked for.
 * @throws LocalCloudError, DiskError
 */
export async function openParts(
  opened: AsyncDisposableStack,
  directory: string,
  stack: StackNow,
): Promise<CloudParts> {
  const state = openState(opened, { directory, stack: { template: {} } });
  const engines = await openEngines(opened, {}, state, () => undefined);
  return { ...state, ...engines, services: serviceTable(state, engines, stack) };
}
