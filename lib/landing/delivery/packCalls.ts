import { MAX_CALL_BYTES, MAX_RECORDS_PER_CALL } from '../../schema/deliveryLimits.ts';
import type { PackedRecord } from './packDocuments.ts';

/** Cuts records into PutRecordBatch calls, in order: at most 500 records and 4 MiB each. */
export function packCalls(records: readonly PackedRecord[]): PackedRecord[][] {
  const calls: PackedRecord[][] = [];
  let open: PackedRecord[] = [];
  let openBytes = 0;
  for (const record of records) {
    const full = open.length === MAX_RECORDS_PER_CALL || openBytes + record.data.length > MAX_CALL_BYTES;
    if (full && open.length > 0) {
      calls.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(record);
    openBytes += record.data.length;
  }
  if (open.length > 0) calls.push(open);
  return calls;
}
