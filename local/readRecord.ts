import { LandedObject } from '../lib/landing/lines/LandedObject.ts';

/**
 * The rows of a record of the landing, each as `{"table":"events","row":{…}}`: what the feed and searches in the buffers show.
 * Of any other record its lines. What is damaged is left out: the writer tells it.
 */
export function readRecord(record: Uint8Array): readonly string[] {
  const rows = [...new LandedObject(record).rows()];
  if (rows.length === 0) return Buffer.from(record).toString('utf8').split('\n');
  return rows.map(({ kind, json }) => `{"table":"${kind}","row":${json}}`);
}
