import type { JournalEntry } from './Segment.ts';

/** Why a document can't be delivered, as the error output tells it. */
export interface Failure {
  /** What `!{firehose:error-output-type}` becomes. */
  readonly outputType:
    | 'metadata-extraction-failed'
    | 'active-partitions-exceeded'
    | 'format-conversion-failed';
  readonly code: string;
  readonly message: string;
}

/** One document of one record: what is buffered, delivered and marked. A record that isn't taken apart is one. */
export interface DeliveryUnit {
  readonly entry: JournalEntry;
  /** Number of the document within its record, from 0: the same whenever the record is taken apart. */
  readonly document: number;
  /** Where in the record it lies; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Where it goes: into a partition (by the values its prefix needs), or to the error output. */
  readonly target: { readonly partition: ReadonlyMap<string, string> } | { readonly failure: Failure };
}
