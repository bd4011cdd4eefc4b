import type { DeliveryStream } from './DeliveryStream.ts';
import type { StreamProperties } from './streamSchema.ts';

/** A stream as the operations see it. */
export interface StreamEntry {
  readonly stream: DeliveryStream;
  readonly properties: StreamProperties;
  /** Epoch ms. */
  readonly createdMs: number;
}

/** The streams of one Firehose and whose they are. */
export interface Streams {
  readonly byName: ReadonlyMap<string, StreamEntry>;
  readonly account: string;
  readonly region: string;
}
