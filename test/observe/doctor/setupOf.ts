import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import type { Setup } from '../../../observe/doctor/Setup.ts';
import type { Status } from '../../../observe/findings/status.ts';

/** The members of a setup that a look asks for, and of each what it reads. */
type Members = {
  readonly [Member in Exclude<keyof Setup, 'status'>]?: Partial<Setup[Member]> | undefined;
} & { readonly status?: () => Promise<Pick<Status, 'deniedCalls' | 'problems'>> };

/** A setup with some members alone: a look that asks for another finds none. */
export function setupOf(members: Members): Setup {
  return members as Setup;
}

/** The commands of a deployment in eu-west-1. */
export const commands = deploymentCommands(
  { stack: { service: 'sluice', stage: 'prod' }, localControl: undefined },
  'eu-west-1',
);
