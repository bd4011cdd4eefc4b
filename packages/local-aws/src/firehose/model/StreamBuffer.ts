import type { DeliveryUnit } from './DeliveryUnit.ts';

/** What goes to S3 together: the documents of one partition, or failures of one type. */
export interface StreamBuffer {
  /** The partition's values, or the type of the failures. */
  readonly target: { readonly partition: ReadonlyMap<string, string> } | { readonly errorOutputType: string };
  readonly units: DeliveryUnit[];
  /** Bytes of the documents. */
  bytes: number;
  /** Arrival of the oldest record in it, epoch ms. */
  oldestArrivalMs: number;
}
