import type { UtcDay } from '../../time/utcDay.ts';
import type { Settled } from './settleInBatches.ts';

/** A day without its partition, or with one that is not as it should be, and why, by AWS's code. */
export interface FailedDay {
  readonly day: UtcDay;
  readonly code: string;
  readonly message: string;
}

/** The days of partitions whose only value is a day. */
export function daysOf(partitions: readonly { readonly values: readonly string[] }[]): UtcDay[] {
  return partitions.map(({ values }) => values[0] ?? '');
}

/** The days of a batch that failed. */
export function failedDays({ failed }: Pick<Settled, 'failed'>): FailedDay[] {
  return failed.map(({ values, code, message }) => ({ day: values[0] ?? '', code, message }));
}
