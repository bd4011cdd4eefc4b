import * as z from 'zod';

/** A number of rows or files. */
const count = z.int().min(0);

/** What the rows of a loaded day hold, as the days after are compared with it (lib/drops/usualContent.ts). */
export const dayContentSchema = z.object({
  /** Accepted rows that the counts of fields stand for. */
  rows: count,
  /** The counts of each field, by its name in the mapping: `metadata.plan`. */
  fields: z.record(
    z.string(),
    z.object({
      /** Types of its column in the files, of those that have values. */
      types: z.array(z.string()),
      /** Rows without a value, scaled from those that were looked at. */
      none: count,
      /** Rows whose value is a number, also as a text; scaled likewise. */
      numbers: count,
      /**
       * How large its numbers are: the mean of the logarithms to base 10 of those that are not 0. Absent of few, of IDs of units, of
       * texts, and after an erasure: the mean of ten rows says something of each.
       */
      size: z.number().optional(),
    }),
  ),
  /** Rows whose own time is neither of the folder's day nor of a neighbour. */
  otherDays: count,
  /** Files that are, or may be, those of other days. */
  copies: count,
  /** Files of which many rows are equal to others; absent in entries of earlier versions, as are names. */
  repeats: count.optional(),
  /** The names in columns that have few, by column. An erasure takes them away: somebody may have mapped IDs there. */
  names: z.record(z.string(), z.array(z.string())).optional(),
  /** What is not as on the days before. */
  unusual: z.array(
    z.object({
      /**
       * Values of a field, rows of other days, files of other days, rows that repeat others of their file, or a name that is spelled
       * otherwise; absent in entries of earlier versions.
       */
      kind: z.enum(['values', 'days', 'copies', 'repeats', 'names']).default('values'),
      /** The field of `values`, the column of `names`. */
      field: z.string().optional(),
      /** What of it, with the figures of this day and of those before. */
      words: z.string(),
      /** Some values as they stand in the files. An erasure takes them away. */
      values: z.array(z.string()).optional(),
    }),
  ),
});
/** See {@link dayContentSchema}. */
export type DayContent = z.output<typeof dayContentSchema>;

/** What an erasure leaves of names that are not as on the days before. */
const ERASED_NAMES = 'names that no day before has, which an erasure has taken away';

/** An entry without values of its rows, and without what was computed from values. */
export function withoutValues<Entry extends { readonly content?: DayContent | undefined }>(
  entry: Entry,
): Entry {
  const { content } = entry;
  if (content === undefined) return entry;
  const unusual = content.unusual.map(({ values: _, ...kept }) =>
    kept.kind === 'names' ? { ...kept, words: ERASED_NAMES } : kept,
  );
  const fields = Object.fromEntries(
    Object.entries(content.fields).map(([name, { size: _, ...counts }]) => [name, counts]),
  );
  return { ...entry, content: { ...content, fields, unusual, names: undefined } };
}
