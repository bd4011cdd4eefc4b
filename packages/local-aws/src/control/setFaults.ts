import { ControlError } from '../base/errors.ts';
import type { Faults } from '../faults/Faults.ts';
import { type FaultsInput, faultsSchema } from '../faults/faultsSchema.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { type FaultTargets, TARGET_MEMBERS, type TargetMember } from './faultTargets.ts';
import { parseBody } from './parseBody.ts';

/** What {@link setFaults} adds faults to, and checks them by. */
export interface SetFaultsContext {
  /** The faults of the cloud. */
  readonly faults: Faults;
  /** The services behind the edge: they say which operations a fault can be set for. */
  readonly services: readonly AwsService[];
  /** The names that a fault can be about. */
  readonly targets: FaultTargets;
}

/**
 * Adds faults, all or none.
 *
 * @throws ControlError CONTROL_BODY, also for an operation that its service doesn't have, and for a resource of
 *   {@link TARGET_MEMBERS} that isn't there: a fault that could never strike would pass for resilience. Keys of S3 and paths of
 *   the gateway are not looked up.
 */
export function setFaults({ faults, services, targets }: SetFaultsContext, body: unknown): void {
  const wanted = parseBody(faultsSchema, body);
  for (const { signingName, operations } of services) {
    const unknown = operationsOf(wanted, signingName).find((name) => !operations.includes(name));
    if (unknown !== undefined) {
      throw new ControlError('CONTROL_BODY', `${signingName} has no operation ${unknown} here.`);
    }
  }
  for (const fault of Object.values(wanted).flat()) {
    const named = namesOf(fault);
    for (const member of TARGET_MEMBERS) requireTarget(targets, member, named[member]);
  }
  faults.set(wanted);
}

/** What a fault is limited to. A type of optional members alone takes no fault that has none of them, but with `fault` it does. */
function namesOf(
  fault: { readonly fault: string } & { readonly [member in TargetMember]?: string | undefined },
): { readonly [member in TargetMember]?: string | undefined } {
  return fault;
}

/** Refuses a target that doesn't exist. A name with a `*` at the end may be meant for a target that isn't there yet. */
function requireTarget(targets: FaultTargets, member: TargetMember, name: string | undefined): void {
  if (name === undefined || name.endsWith('*')) return;
  const targetNames = targets[member]();
  if (targetNames.includes(name)) return;
  const list = targetNames.length === 0 ? 'There is none.' : `There are: ${targetNames.join(', ')}.`;
  throw new ControlError('CONTROL_BODY', `There is no ${member} ${name} here. ${list}`);
}

/** The operations that the faults of a service name; empty if they name none. */
function operationsOf(wanted: FaultsInput, service: string): string[] {
  const set = Object.entries(wanted).find(([name]) => name === service)?.[1] ?? [];
  return set.flatMap((fault) => ('operations' in fault ? (fault.operations ?? []) : []));
}
