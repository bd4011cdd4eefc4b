import { AwsError } from '../../edge/AwsError.ts';

/** Makes items of batches fail that would have succeeded. */
export interface PartitionFault {
  /** What each item answers, e.g. `InternalServiceException`. */
  readonly code: string;
  /** How many calls it lasts. */
  readonly calls: number;
  /** The partitions it hits, by their values joined with `/`. Default: all. */
  readonly values?: readonly string[] | undefined;
}

/** Makes whole calls fail before they do anything. */
export interface CallFault {
  readonly code: string;
  readonly calls: number;
  /** Default: all, e.g. `['BatchCreatePartition']`. */
  readonly operations?: readonly string[] | undefined;
  /** HTTP status; AWS's own are 400 for a client's fault and 500 for the service's. Default 400. */
  readonly status?: number | undefined;
  /** Do what was asked and fail then: an answer lost on its way. Default false. */
  readonly afterwards?: boolean | undefined;
}

/**
 * Failures to answer on purpose, so that what calls Glue can be tried against the worst it does.
 * Faults add up and are used up in the order in which they were set.
 *
 * @example
 * catalog.faults.failPartitions({ code: 'InternalServiceException', calls: 1, values: ['2026-11-20'] });
 * catalog.faults.failCalls({ code: 'ThrottlingException', calls: 2, operations: ['BatchCreatePartition'] });
 */
export class Faults {
  readonly #partitions: { readonly fault: PartitionFault; left: number }[] = [];
  readonly #calls: { readonly fault: CallFault; left: number }[] = [];

  failPartitions(fault: PartitionFault): void {
    this.#partitions.push({ fault, left: fault.calls });
  }

  failCalls(fault: CallFault): void {
    this.#calls.push({ fault, left: fault.calls });
  }

  /** Ends every fault. */
  clear(): void {
    this.#partitions.length = 0;
    this.#calls.length = 0;
  }

  /** Uses up one call of the fault that hits `operation`, if any. */
  takeCall(operation: string): { readonly error: AwsError; readonly afterwards: boolean } | undefined {
    const hit = this.#calls.find(
      ({ fault, left }) =>
        left > 0 && (fault.operations === undefined || fault.operations.includes(operation)),
    );
    if (hit === undefined) return undefined;
    hit.left -= 1;
    const { code, status = 400, afterwards = false } = hit.fault;
    return { error: new AwsError(code, status, `${code} as asked for.`), afterwards };
  }

  /** Uses up one call of each partition fault; answers which error, if any, an item of this call gets. */
  takeBatch(): (values: readonly string[]) => AwsError | undefined {
    const active = this.#partitions.filter(({ left }) => left > 0);
    for (const hit of active) hit.left -= 1;
    return (values) => {
      const name = values.join('/');
      const hit = active.find(({ fault }) => fault.values === undefined || fault.values.includes(name));
      return hit && new AwsError(hit.fault.code, 400, `${hit.fault.code} as asked for.`);
    };
  }
}
