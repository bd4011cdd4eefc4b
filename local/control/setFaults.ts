import type { AwsService } from '../edge/AwsService.ts';
import type { Faults } from '../faults/Faults.ts';
import { type FaultsInput, faultsSchema } from '../faults/faultsSchema.ts';
import { ControlError } from './ControlError.ts';
import { parseBody } from './parseBody.ts';

/**
 * Adds faults, all or none.
 *
 * @throws ControlError SLUICE_CONTROL_BODY, for an operation too that its service doesn't have: a fault that
 *   could never strike would pass for resilience.
 */
export function setFaults(faults: Faults, services: readonly AwsService[], body: unknown): void {
  const wanted = parseBody(faultsSchema, body);
  for (const { signingName, operations } of services) {
    const unknown = operationsOf(wanted, signingName).find((name) => operations?.includes(name) === false);
    if (unknown !== undefined) {
      throw new ControlError('SLUICE_CONTROL_BODY', `${signingName} has no operation ${unknown} here.`);
    }
  }
  faults.set(wanted);
}

function operationsOf(wanted: FaultsInput, service: string): string[] {
  const set = Object.entries(wanted).find(([name]) => name === service)?.[1] ?? [];
  return set.flatMap((fault) => ('operations' in fault ? (fault.operations ?? []) : []));
}
