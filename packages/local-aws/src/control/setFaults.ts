import type { Faults } from '../faults/Faults.ts';
import { type FaultsInput, faultsSchema } from '../faults/faultsSchema.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { ControlError } from './ControlError.ts';
import type { FaultTargets } from './faultTargets.ts';
import { parseBody } from './parseBody.ts';

/** What {@link setFaults} needs. */
export interface SetFaultsContext {
  readonly faults: Faults;
  /** The services behind the edge: they say which operations a fault can be set for. */
  readonly services: readonly AwsService[];
  readonly targets: FaultTargets;
}

/**
 * Adds faults, all or none.
 *
 * @throws ControlError SLUICE_CONTROL_BODY, for an operation too that its service doesn't have, and for a stream,
 *   table, queue, secret or workgroup that isn't there: a fault that could never strike would pass for resilience.
 */
export function setFaults({ faults, services, targets }: SetFaultsContext, body: unknown): void {
  const wanted = parseBody(faultsSchema, body);
  for (const { signingName, operations } of services) {
    const unknown = operationsOf(wanted, signingName).find((name) => operations?.includes(name) === false);
    if (unknown !== undefined) {
      throw new ControlError('SLUICE_CONTROL_BODY', `${signingName} has no operation ${unknown} here.`);
    }
  }
  for (const fault of Object.values(wanted).flat()) {
    if ('stream' in fault) expectTarget(targets, 'stream', fault.stream);
    if ('table' in fault) expectTarget(targets, 'table', fault.table);
    if ('queue' in fault) expectTarget(targets, 'queue', fault.queue);
    if ('workgroup' in fault) expectTarget(targets, 'workgroup', fault.workgroup);
    if ('secret' in fault) expectTarget(targets, 'secret', fault.secret);
  }
  faults.set(wanted);
}

/** With a `*` at the end it may be meant for what isn't there yet. */
function expectTarget(targets: FaultTargets, kind: keyof FaultTargets, name: string | undefined): void {
  if (name === undefined || name.endsWith('*')) return;
  const there = targets[kind]();
  if (there.includes(name)) return;
  const list = there.length === 0 ? 'There is none.' : `There is ${there.join(', ')}.`;
  throw new ControlError('SLUICE_CONTROL_BODY', `There is no ${kind} ${name} here. ${list}`);
}

function operationsOf(wanted: FaultsInput, service: string): string[] {
  const set = Object.entries(wanted).find(([name]) => name === service)?.[1] ?? [];
  return set.flatMap((fault) => ('operations' in fault ? (fault.operations ?? []) : []));
}
