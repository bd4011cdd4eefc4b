import * as z from 'zod';

/** A number of rows or files. */
const count = z.int().min(0);

/** The counts of a field. */
const fieldSchema = z.object({
  /** Types of its column in the files, of those that have values. */
  types: z.array(z.string()),
  /** Rows without a value, scaled from those that were looked at. */
  none: count,
  /** Rows whose value is a number, also as a text; scaled likewise. */
  numbers: count,
  /** The rows of `numbers` whose number is whole; absent in entries of earlier versions, as are the next three members. */
  whole: count.optional(),
  /** Values that were looked at. */
  looked: count.optional(),
  /** How many of `looked` differ from each other. */
  different: count.optional(),
  /** Of IDs of units: the characters that most of those values have, and how many values these are. */
  length: z
    .object({
      /** Characters of each. */
      characters: count,
      /** Values of those that were looked at. */
      values: count,
    })
    .optional(),
  /** Of IDs of units: how many of `looked` are the most frequent of them. Absent in entries of earlier versions. */
  most: count.optional(),
  /**
   * Rows by the form of their value (lib/drops/engine/valueForms.ts), scaled likewise; absent in entries of earlier
   * versions.
   */
  forms: z.record(z.string(), count).optional(),
  /**
   * How large its numbers are: the mean of the logarithms to base 10 of those that are not 0. Absent of few, of IDs of
   * units, of texts, and after an erasure: the mean of ten rows says something of each.
   */
  size: z.number().optional(),
  /** The logarithm to base 10 of its largest number; absent as is `size`, and in entries of earlier versions. */
  largest: z.number().optional(),
  /** The name of its column, as the mapping had it; absent if no file had one, and in entries of earlier versions. */
  column: z.string().optional(),
});

/** The counts of a field on the day that said last what is usual. */
const usualFieldSchema = fieldSchema.extend({
  /** Accepted rows of that day that the counts stand for. */
  rows: count,
});

/** The rows of a name in a column that has few. */
const nameSchema = z.object({
  /** How many there are. */
  rows: count,
  /** How many of them have the number 0 as the value of a metric. */
  zeros: count,
});

/** The names of a column. Entries of earlier versions have the names alone, without their rows. */
const namesSchema = z.union([
  z.record(z.string(), nameSchema),
  z
    .array(z.string())
    .transform((names) => Object.fromEntries(names.map((name) => [name, { rows: 0, zeros: 0 }]))),
]);

/** What the rows of a loaded day hold, as the days after are compared with it (lib/drops/usual/usualContent.ts). */
export const dayContentSchema = z.object({
  /** Accepted rows that the counts of fields stand for. */
  rows: count,
  /** The counts of each field, by its name in the mapping: `metadata.plan`. */
  fields: z.record(z.string(), fieldSchema),
  /** Rows whose own time is neither of the folder's day nor of a neighbour. */
  otherDays: count,
  /** The rows of `otherDays` whose day was still to come when the day was loaded; absent in entries of earlier versions. */
  daysToCome: count.optional(),
  /**
   * Rows whose own time is of the day before the folder's, or of the day after it; absent in entries of earlier
   * versions.
   */
  neighbourDays: count.optional(),
  /**
   * Rows by the hour of their own time since the folder's day began in the dataset's time zone: `15`, or `-1` of the
   * last hour of the day before; of that day, the day and the day after it. Absent in entries of earlier versions.
   */
  hours: z.record(z.string(), count).optional(),
  /**
   * Sums of hashes of what the rows have beside their times: units, names and values. A row counts in one of the eight
   * by its hash, so that days of which a few rows differ have some in common. Absent of kinds without values, after an
   * erasure, and in entries of earlier versions.
   */
  digests: z.array(count).optional(),
  /** Files that are, or may be, those of other days. */
  copies: count,
  /** Files of which many rows are equal to others; absent in entries of earlier versions, as are names. */
  repeats: count.optional(),
  /** Rows that are equal to rows of another file of the day, about, if they are so many that it is told; otherwise 0. Absent as `repeats`. */
  shared: count.optional(),
  /** The names in columns that have few, by column. An erasure takes them away: somebody may have mapped IDs there. */
  names: z.record(z.string(), namesSchema).optional(),
  /** What is not as on the days before. */
  unusual: z.array(
    z.object({
      /**
       * Values of a field, hours without rows, times that are hours earlier or later, rows in hours that no day before had, rows with the values of another day, rows of days that were still to
       * come, rows of other days, files of other days, rows that repeat others of their file, rows that another file has too, a name that is spelled
       * otherwise, whose values are all 0, or that is missing, or more names than are compared; absent in entries of
       * earlier versions.
       */
      kind: z
        .enum([
          'values',
          'hours',
          'shifted',
          'newHours',
          'stale',
          'toCome',
          'days',
          'copies',
          'repeats',
          'shared',
          'names',
          'zeros',
          'missing',
          'many',
        ])
        .default('values'),
      /** The field of `values`, the column of `names`, `zeros`, `missing` and `many`. */
      field: z.string().optional(),
      /** What of it, with the figures of this day and of those before. */
      words: z.string(),
      /** Some values as they stand in the files. An erasure takes them away. */
      values: z.array(z.string()).optional(),
      /**
       * The column that the mapping read for the field on the day that said last what is usual; absent if it is
       * today's, or not known.
       */
      columnBefore: z.string().optional(),
      /**
       * What was usual of the field until then, which days after are compared with until a person accepts the day;
       * absent of an unknown.
       */
      usual: usualFieldSchema.optional(),
      /** The share of rows that one of the days before had in each hour, of `hours`, `shifted` and `newHours`, as `usual` of a field. */
      usualHours: z.record(z.string(), z.number()).optional(),
      /** The names that were usual of the column until then, as `usual` of a field. An erasure takes them away. */
      usualNames: z.record(z.string(), nameSchema).optional(),
    }),
  ),
});
/** See {@link dayContentSchema}. */
export type DayContent = z.output<typeof dayContentSchema>;

/** Kinds whose words have names. */
const OF_NAMES: readonly DayContent['unusual'][number]['kind'][] = ['names', 'zeros', 'missing'];
/** What an erasure leaves of names that are not as on the days before. */
const ERASED_NAMES = 'names that are not as on the days before, which an erasure has taken away';

/** An entry without values of its rows, and without what was computed from values. */
export function withoutValues<Entry extends { readonly content?: DayContent | undefined }>(
  entry: Entry,
): Entry {
  const { content } = entry;
  if (content === undefined) return entry;
  const unusual = content.unusual.map(({ values: _, usualNames: __, usual, ...told }) => {
    const kept = usual === undefined ? told : { ...told, usual: withoutSize(usual) };
    return OF_NAMES.includes(kept.kind) ? { ...kept, words: ERASED_NAMES } : kept;
  });
  const fields = Object.fromEntries(
    Object.entries(content.fields).map(([name, counts]) => [name, withoutSize(counts)]),
  );
  return { ...entry, content: { ...content, fields, unusual, names: undefined, digests: undefined } };
}

/** The counts of a field without what was computed from its values. */
function withoutSize<
  Counts extends { readonly size?: number | undefined; readonly largest?: number | undefined },
>({ size: _, largest: __, ...counts }: Counts) {
  return counts;
}
