import { type Exclusive, exclusive } from '../base/concurrency.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import { sum } from '../base/sum.ts';
import type { UtcDay } from '../base/time.ts';
import { type Attempts, dayFolders, readPages } from '../landing/catalog/catalogCalls.ts';
import { fingerprintFiles } from '../ledger/LedgerEntry.ts';
import type { FetchedBucket, FetchedObject } from '../parquet/fetchFiles.ts';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { isDataFile } from '../tables/objectKeys.ts';
import { dayFolder, tableFolders } from '../tables/tableFolders.ts';
import { bucketCall, CurateError } from './CurateError.ts';
import { MANY_RAW_FILES, MOST_DAY_PAGES, MOST_RAW_FILES } from './limits.ts';

/** The raw files of forwarded tables. Methods throw CurateError `SLUICE_CURATE_BUCKET_FAILED`. */
export interface RawDays extends FetchedBucket {
  /** The days that have a folder, in order. */
  days(kind: ForwardedKind): Promise<readonly UtcDay[]>;
  /**
   * The files of a day that queries read, in the order of their keys.
   *
   * @param until Epoch milliseconds from which on no further page is listed. Default: the deadline of the retries.
   * @param atMany Awaited after each page once there are more than MANY_RAW_FILES. Default: nothing is.
   * @throws CurateError SLUICE_CURATE_OUT_OF_TIME, SLUICE_CURATE_DAY_TOO_LARGE.
   */
  files(
    kind: ForwardedKind,
    day: UtcDay,
    until?: number,
    atMany?: () => Promise<void>,
  ): Promise<readonly FetchedObject[]>;
  /** As {@link files}, for any folder of the bucket. */
  filesUnder(folder: string, until?: number, atMany?: () => Promise<void>): Promise<readonly FetchedObject[]>;
  /** Held while one of the days that are listed in parallel is used: {@link useRawDay}. */
  readonly alone: Exclusive;
}

/**
 * The raw files of forwarded tables in the deployment's bucket.
 *
 * @param attempts How pages of folders are retried.
 */
export function rawDays(
  store: ObjectStore,
  layout: Pick<Config, 'statsigFolder' | 'tables'>,
  attempts: Attempts,
): RawDays {
  return {
    alone: exclusive(),

    async days(kind) {
      const days = new Set<string>();
      for (const folder of tableFolders(layout, kind)) {
        const found = await bucketCall(folder, () =>
          readPages(attempts, MOST_DAY_PAGES, (token) => dayFolders(store, folder, token)),
        );
        if (found === undefined) throw new CurateError('SLUICE_CURATE_BUCKET_FAILED', `${folder}: too many.`);
        for (const day of found) days.add(day);
      }
      return [...days].sort();
    },

    files(kind, day, until, atMany) {
      return this.filesUnder(dayFolder(layout, kind, day), until, atMany);
    },

    async filesUnder(folder, until = attempts.deadline, atMany) {
      const files: FetchedObject[] = [];
      let token: string | undefined;
      do {
        if (attempts.clock.now() >= until) throw new CurateError('SLUICE_CURATE_OUT_OF_TIME', `${folder}.`);
        const from = token;
        const { items, next } = await bucketCall(folder, () => store.listPage(folder, { token: from }));
        for (const object of items) {
          const { key, size, eTag, isArchived } = object;
          if (isDataFile(object)) files.push({ key, size, eTag, isArchived });
        }
        if (files.length > MOST_RAW_FILES)
          throw new CurateError(
            'SLUICE_CURATE_DAY_TOO_LARGE',
            `${folder}: more than ${MOST_RAW_FILES} files.`,
          );
        if (files.length > MANY_RAW_FILES) await atMany?.();
        token = next;
      } while (token !== undefined);
      return files;
    },

    read: ({ key, eTag }, range) =>
      bucketCall(
        key,
        async () => (await store.open(key, { ifMatch: eTag, range, listsIfDenied: true }))?.body ?? null,
        key,
      ),
  };
}

/** The raw files of a day and what identifies this state of them. */
export interface RawDay {
  /** The raw files, in the order of their keys. */
  readonly files: readonly FetchedObject[];
  /** The sum of their sizes. */
  readonly bytes: number;
  /** Whether files are archived. */
  readonly isArchived: boolean;
  /** A digest of the keys, sizes and ETags of the files. */
  readonly fingerprint: string;
}

/** Lists the raw files of a day. @param until as of {@link RawDays.files}. */
export async function readRawDay(
  raw: Pick<RawDays, 'files'>,
  kind: ForwardedKind,
  day: UtcDay,
  until?: number,
  atMany?: () => Promise<void>,
): Promise<RawDay> {
  const files = await raw.files(kind, day, until, atMany);
  return {
    files,
    bytes: sum(files.map(({ size }) => size)),
    isArchived: files.some((file) => file.isArchived === true),
    fingerprint: fingerprintFiles(files),
  };
}

/**
 * Lists the raw files of a day, and lets them go after `use`. Of the days that are listed in parallel only one is used
 * at a time, and only one holds more than {@link MANY_RAW_FILES}: with the entry that `use` reads, the files of several
 * days may fill the memory.
 *
 * @param use Must not list another day by this function.
 * @param until as of {@link RawDays.files}.
 */
export async function useRawDay<Result>(
  raw: Pick<RawDays, 'files' | 'alone'>,
  {
    kind,
    day,
    until,
  }: { readonly kind: ForwardedKind; readonly day: UtcDay; readonly until: number | undefined },
  use: (day: RawDay) => Promise<Result>,
): Promise<Result> {
  let release: (() => void) | undefined;
  const beAlone = async () => {
    release ??= await raw.alone();
  };
  try {
    const listed = await readRawDay(raw, kind, day, until, beAlone);
    await beAlone();
    return await use(listed);
  } finally {
    release?.();
  }
}
