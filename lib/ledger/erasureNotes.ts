import * as z from 'zod';
import { DAY_MS, type UtcDay } from '../base/time.ts';

/** Milliseconds after which an erasure that has not gone on counts as stopped. */
export const STOPPED_AFTER_MS = 30 * DAY_MS;

/** Files of a day by their names in its folder. */
export const namedFilesSchema = z.array(
  z.object({ /** Name of the file. */ name: z.string().min(1), /** ETag of the file. */ eTag: z.string() }),
);
/** A file by its name in the folder of the day. */
export type NamedFile = z.output<typeof namedFilesSchema>[number];

/** Files of a day as the ledger names them. */
export function namedFiles(
  day: UtcDay,
  files: readonly { readonly key: string; readonly eTag: string }[],
): NamedFile[] {
  const folder = `/${day}/`;
  return files.map(({ key, eTag }) => ({ name: key.slice(key.indexOf(folder) + folder.length), eTag }));
}

/** Tells a file of a day from all others, also from a later one of its name. */
export function fileIdentity({ name, eTag }: NamedFile): string {
  return `${eTag} ${name}`;
}

/** A file that an erasure has replaced under its name, and its ETags before and after. */
const replacedSchema = z.object({
  /** Name of the file. */
  name: z.string().min(1),
  /** ETag of the file before. */
  from: z.string(),
  /** ETag of what replaced it. */
  to: z.string(),
});

/** An erasure that changes files of a day. It is noted before the first change; what it replaces, after each. */
export const erasureNoteSchema = z.object({
  /** lib/erase/units/Unit.ts: erasureId. */
  id: z.string().min(1),
  /** Epoch milliseconds of the last note. */
  at: z.number(),
  /** When its run ended; absent while it is under way, or stopped. */
  endedAt: z.number().optional(),
  /** Files that were replaced, and by what. */
  replaced: z.array(replacedSchema).default([]),
});

/** One note, as an entry has it. */
export type ErasureNote = z.output<typeof erasureNoteSchema>;
/** What may have notes of erasures: an entry of the ledger. */
type Erased = { readonly erasures?: readonly ErasureNote[] | undefined };

/**
 * Whether a file of a day is there: itself, or what erasures have made of it. Nothing else that has its name counts.
 *
 * @param files The files that are there.
 */
export function fileFinder(
  { erasures = [] }: Erased,
  files: readonly NamedFile[],
): (file: NamedFile) => boolean {
  const present = new Map(files.map(({ name, eTag }) => [name, eTag]));
  const made = new Map(
    erasures.flatMap(({ replaced }) =>
      replaced.map(({ name, from, to }) => [fileIdentity({ name, eTag: from }), to]),
    ),
  );
  return ({ name, eTag }) => {
    // Every erasure takes rows away, so no ETag comes back.
    for (
      let tag: string | undefined = eTag;
      tag !== undefined;
      tag = made.get(fileIdentity({ name, eTag: tag }))
    )
      if (present.get(name) === tag) return true;
    return false;
  };
}

/** Whether an erasure changes files of the day: it may have replaced one and not noted it yet. */
export function isUnderErasure({ erasures = [] }: Erased, now: number): boolean {
  return erasures.some(({ at, endedAt }) => endedAt === undefined && now - at < STOPPED_AFTER_MS);
}

/** The notes of a day with that of an erasure: begun, with a file that it has replaced, or with `endedAt` ended. */
export function noteErasure<Entry extends Erased>(
  entry: Entry,
  note: Omit<ErasureNote, 'replaced'>,
  replaced: ErasureNote['replaced'] = [],
): Entry {
  const { erasures = [] } = entry;
  const before = erasures.find(({ id }) => id === note.id)?.replaced ?? [];
  return {
    ...entry,
    erasures: [
      ...erasures.filter(({ id }) => id !== note.id),
      { ...note, replaced: [...before, ...replaced] },
    ],
  };
}

/**
 * A day that is settled with files that were listed at an instant: what erasures had done by then explains nothing of
 * the next. What settles a day calls it: a curation, an export.
 */
export function settleErasures<Entry extends Erased>(entry: Entry, listedAt: number): Entry {
  const { erasures = [], ...kept } = entry;
  const left = erasures.filter(({ endedAt }) => endedAt === undefined || endedAt >= listedAt);
  // The member is optional in every entry.
  return (left.length === 0 ? kept : { ...entry, erasures: left }) as Entry;
}
