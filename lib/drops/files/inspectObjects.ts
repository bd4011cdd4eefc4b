import { buffer } from 'node:stream/consumers';
import { mapLimit } from '../../base/concurrency.ts';
import { ENCRYPTED_MARK, isPacked, MARK_BYTES, PARQUET_MARK } from '../../parquet/format/parquetFooter.ts';
import type { CustomerBucket, DropObject } from '../CustomerBucket.ts';
import { byKey, type Drop } from '../Drop.ts';
import { isParquetName, type LeftOut } from '../leftOut.ts';
import { PARALLEL_LOOKS } from '../limits.ts';
import { splitKey } from '../listedLogs.ts';
import { type ReadOptions, readObject } from './readObject.ts';

/** The magics of files to load. A load refuses an encrypted footer by name. */
const MARKS: readonly string[] = [PARQUET_MARK, ENCRYPTED_MARK];

/** Matches names with an ending of compression. */
const COMPRESSED = /\.(gz|gzip|bz2|xz|zst|zstd|snappy|lz4|lzo|lz|br|deflate|zip|7z|tar|tgz)$/i;
/** Matches names of office documents, which are zips and hold no Parquet. */
const DOCUMENT = /\.(xls[xmb]|ods|numbers|docx|pptx)$/i;
/**
 * Matches names without an ending, and those with an ending of a format. A name that matches neither this nor {@link
 * COMPRESSED}, as `a.filepart` or `export_2026.11.19`, may be that of a file that somebody still writes.
 */
const KNOWN =
  /^[^.]*$|\.(c\d{3}|csv|tsv|psv|txt|json|jsonl|ndjson|xml|ya?ml|html?|md|log|sql|avro|orc|arrow|feather|xlsx?|pdf|manifest)$/i;

/**
 * Inspects objects whose names have not the extension of Parquet. Names are not reliable: some writers end Parquet
 * files with `.snappy` or `.c000`, and Athena's UNLOAD gives them no ending. The first and the last four bytes are
 * read. With a known ending or none, an object with either magic is a file to load, whole or damaged; with another
 * ending it has to be whole. If a file's name begins with the whole name of another file in its folder, only the other
 * file is loaded.
 *
 * @returns The same day with those files; null if one of the objects has changed or is gone, and the caller must list again.
 * @throws SourceError as the bucket does.
 */
export async function inspectObjects(
  bucket: Pick<CustomerBucket, 'read'>,
  drop: Drop,
  options: ReadOptions = {},
): Promise<Drop | null> {
  const unknown = drop.leftOut.flatMap(({ object, reason }) => (reason === 'not_parquet' ? [object] : []));
  const looks = await mapLimit(
    unknown,
    PARALLEL_LOOKS,
    async (object) => [object, await lookInto(bucket, object, options)] as const,
  );
  if (looks.some(([, look]) => look === null)) return null;
  const reasons = new Map(looks);
  const parquet = unknown.filter((object) => reasons.get(object) === 'parquet');
  const whole = [...drop.files, ...parquet].sort(byKey);
  const archived = drop.leftOut.filter(({ reason }) => reason === 'archived').map(({ object }) => object);
  const keys = new Set([...whole, ...archived].map(({ key }) => key));
  const copies = new Set(whole.filter(({ key }) => isCopy(key, keys)));
  const leftOut = drop.leftOut.flatMap((left): LeftOut[] => {
    const look = reasons.get(left.object);
    if (look === 'parquet') return [];
    return look === 'unfinished' || look === 'compressed' ? [{ ...left, reason: look }] : [left];
  });
  return {
    ...drop,
    files: whole.filter((file) => !copies.has(file)),
    leftOut: [...leftOut, ...[...copies].map((object) => ({ object, reason: 'unfinished' as const }))],
  };
}

/** Whether a name is that of another file in the folder with a further ending: `a.parquet.filepart` beside `a.parquet`. */
function isCopy(key: string, keys: ReadonlySet<string>): boolean {
  const [folder, name] = splitKey(key);
  for (const { index } of name.matchAll(/[^\p{L}\p{N}]/gu)) {
    const whole = name.slice(0, index);
    const ending = name.slice(index);
    if (!keys.has(folder + whole)) continue;
    // Beside a.parquet, a.parquet_old is a copy, too. But part-0_1 and part-0.parquet are none of part-0, as a.csv and
    // a.csv.gz are two files.
    const isOwn = isParquetName(ending) || COMPRESSED.test(ending) || !ending.startsWith('.');
    if (isParquetName(whole) || !isOwn) return true;
  }
  return false;
}

/** What the bytes of an object are; null if it has changed or is gone. `unfinished` begins as Parquet alone. */
async function lookInto(
  bucket: Pick<CustomerBucket, 'read'>,
  object: DropObject,
  options: ReadOptions,
): Promise<'parquet' | 'unfinished' | 'compressed' | 'other' | null> {
  const [, name] = splitKey(object.key);
  const isKnown = KNOWN.test(name) || COMPRESSED.test(name);
  if (object.size < 2 * MARK_BYTES) return 'other';
  const markAt = async (first: number) => {
    const range = { first, last: first + MARK_BYTES - 1 };
    const mark = await readObject(bucket, object, buffer, options, range);
    return mark?.toString('latin1') ?? null;
  };
  const head = await markAt(0);
  if (head === null) return null;
  const begins = MARKS.includes(head);
  const other = isPacked(head) && !DOCUMENT.test(name) ? 'compressed' : 'other';
  // Of an ending that is no known one, what does not begin as Parquet is of another format: an encrypted file, say.
  if (begins === isKnown) return begins ? 'parquet' : other;
  const end = await markAt(object.size - MARK_BYTES);
  if (end === null) return null;
  if (MARKS.includes(end)) return 'parquet';
  return begins ? 'unfinished' : other;
}
