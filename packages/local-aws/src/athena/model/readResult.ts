import { AwsError } from '../../protocol/AwsError.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { csvValues } from './csv.ts';
import { resultsNotFound } from './errors.ts';
import { readLocation } from './resultLocation.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** A part of a result. */
export interface ResultPage {
  readonly rows: readonly (readonly (string | null)[])[];
  /** Where the next begins, in bytes; undefined after the last. */
  readonly next: number | undefined;
}

/**
 * Reads rows of a result out of its object, no further than asked for.
 *
 * @param from Bytes from the beginning of the object: 0, or what the page before answered.
 * @throws AwsError InvalidRequestException when the object is gone, or something else lies there.
 */
export async function readResult(
  store: ObjectStore,
  location: string,
  options: { readonly format: 'csv' | 'txt'; readonly from: number; readonly rows: number },
): Promise<ResultPage> {
  const { format, from, rows: wanted } = options;
  const { bucket, key } = readLocation(location);
  const size = sizeOf(store, bucket, key);
  if (from >= size) return { rows: [], next: undefined };
  const rows: (readonly (string | null)[])[] = [];
  let at = from;
  for await (const line of lines(store.get(bucket, key, { start: from, end: size - 1 }).body, format)) {
    const values = format === 'csv' ? csvValues(line.toString('utf8')) : [line.toString('utf8')];
    if (values === undefined) throw resultsNotFound();
    rows.push(values);
    at += line.length + 1;
    if (rows.length === wanted) break;
  }
  return { rows, next: at < size && rows.length === wanted ? at : undefined };
}

/** Lines without their line feeds; one inside of quotes is none. */
async function* lines(body: AsyncIterable<Buffer>, format: 'csv' | 'txt'): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let quoted = false;
  for await (const piece of body) {
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at];
      if (byte === QUOTE) quoted = !quoted && format === 'csv';
      else if (byte === LINE_FEED && !quoted) {
        yield Buffer.concat([...rest, piece.subarray(start, at)]);
        rest = [];
        start = at + 1;
      }
    }
    rest.push(piece.subarray(start));
  }
}

function sizeOf(store: ObjectStore, bucket: string, key: string): number {
  try {
    return store.head(bucket, key).size;
  } catch (error) {
    if (error instanceof AwsError) throw resultsNotFound();
    throw error;
  }
}
