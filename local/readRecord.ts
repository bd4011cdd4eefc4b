import { readRecords, readRows } from '../lib/landing/frames/readLanded.ts';

/**
 * The rows of a record of the landing, each as `{"table":"events","row":{…}}`: what the feed and searches in the buffers show.
 * Of any other record its lines. What is damaged is left out: the writer tells it.
 */
export function readRecord(record: Uint8Array): readonly string[] {
  const { records } = readRecords(record);
  if (records.length === 0) return Buffer.from(record).toString('utf8').split('\n');
  return records.flatMap(({ frames }) =>
    frames.flatMap((frame) =>
      (readRows(record, frame) ?? []).map((row) => `{"table":"${frame.table}","row":${row}}`),
    ),
  );
}
