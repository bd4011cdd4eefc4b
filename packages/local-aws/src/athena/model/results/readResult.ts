import { AwsError } from '../../../protocol/AwsError.ts';
import type { ObjectStore } from '../../../s3/model/ObjectStore.ts';
import { resultsNotFound } from '../errors.ts';
import { parseCsvLine } from './resultFormat.ts';
import { parseResultLocation } from './resultLocation.ts';

/** The byte of a quote. */
const QUOTE = 0x22;

/** The byte that ends a row, unless it is within quotes. */
const LINE_FEED = 0x0a;

/** A page of a result. */
export interface ResultPage {
  /** The rows of the page, each value as text, null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The byte offset of the next page; undefined after the last. */
  readonly next: number | undefined;
}

/**
 * Reads rows of a result from its object, and no more than requested.
 *
 * @param options.from A byte offset in the object: 0, or `next` of the previous page.
 * @throws AwsError InvalidRequestException when the object is missing or is not a result.
 */
export async function readResult(
  store: ObjectStore,
  location: string,
  options: { readonly format: 'csv' | 'txt'; readonly from: number; readonly rows: number },
): Promise<ResultPage> {
  const { format, from, rows: limit } = options;
  const { bucket, key } = parseResultLocation(location);
  const size = resultSize(store, bucket, key);
  if (from >= size) return { rows: [], next: undefined };
  const rows: (readonly (string | null)[])[] = [];
  let at = from;
  for await (const line of readLines(store.get(bucket, key, { start: from, end: size - 1 }).body, format)) {
    const values = format === 'csv' ? parseCsvLine(line.toString('utf8')) : [line.toString('utf8')];
    if (values === undefined) throw resultsNotFound();
    rows.push(values);
    at += line.length + 1;
    if (rows.length === limit) break;
  }
  return { rows, next: at < size && rows.length === limit ? at : undefined };
}

/** Lines without their line feeds. A line feed within quotes does not end a line. */
async function* readLines(body: AsyncIterable<Buffer>, format: 'csv' | 'txt'): AsyncGenerator<Buffer> {
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

/** Bytes of the object with the result. @throws AwsError if the object is gone. */
function resultSize(store: ObjectStore, bucket: string, key: string): number {
  try {
    return store.head(bucket, key).size;
  } catch (error) {
    if (error instanceof AwsError) throw resultsNotFound();
    throw error;
  }
}
