import { isUtf8 } from 'node:buffer';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { type ExplainedCode, explainCode } from '../explainCode.ts';
import { listQuarantined, type QuarantinedRow } from '../facts/tables/listQuarantined.ts';
import { downloadObject, QuarantineError } from './readQuarantine.ts';

/** Characters of `raw` that an examined row has: a row of quarantine has fewer, only an object of its own can have more. */
const RAW_CHARACTERS = 2_000_000;

/** A row of quarantine, whole. */
export interface ExaminedRow {
  /** With its whole `raw`, also of an object of its own, up to 2,000,000 characters. */
  readonly row: QuarantinedRow;
  /** Its reason. */
  readonly reason: ExplainedCode;
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Reads a row of quarantine whole.
 *
 * @param day The UTC day of its receipt.
 * @throws QuarantineError SLUICE_QUARANTINE_ROW_UNKNOWN; ObserveError; what clients of AWS throw.
 */
export async function examineQuarantined(
  deployment: Deployment,
  { id, day }: { readonly id: string; readonly day: UtcDay },
): Promise<ExaminedRow> {
  const [from, to] = [Date.parse(`${day}T00:00:00Z`), Date.parse(`${day}T23:59:59.999Z`)];
  const {
    rows: [row],
    notes,
    scannedBytes,
  } = await listQuarantined(deployment, { from, to, id }, 1, RAW_CHARACTERS);
  if (row === undefined)
    throw new QuarantineError('SLUICE_QUARANTINE_ROW_UNKNOWN', [`${id}, ${day}.`, ...notes].join(' '));
  const object = row.rawLocation === null ? {} : await readObject(deployment, row.rawLocation);
  return { row: { ...row, ...object }, reason: explainCode(row.reason), scannedBytes };
}

/** What an object of its own holds, as a row has it: as text, or as base64 if it is not UTF-8. */
async function readObject(
  { s3, config: { bucket } }: Pick<Deployment, 's3' | 'config'>,
  location: string,
): Promise<Pick<QuarantinedRow, 'raw' | 'rawLength' | 'isCut' | 'rawEncoding'>> {
  const bytes = Buffer.from(await downloadObject(s3, bucket, location.replace(`s3://${bucket}/`, '')));
  const rawEncoding = isUtf8(bytes) ? 'text' : 'base64';
  const raw = bytes.toString(rawEncoding === 'text' ? 'utf8' : 'base64');
  return {
    ...{ raw: raw.slice(0, RAW_CHARACTERS), rawLength: raw.length, rawEncoding },
    isCut: raw.length > RAW_CHARACTERS,
  };
}
