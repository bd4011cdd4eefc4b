import * as z from 'zod';
import { ownMember } from '../../base/json.ts';
import { isRowReason } from '../rowReasons.ts';

/** Lengths of a field's values that are counted. */
export const MOST_LENGTHS = 100;
/** A number of rows or values. */
const count = z.int().min(0);
/** Refused rows by reason, without zeros. */
const reasonsSchema = z.partialRecord(z.string().refine(isRowReason), count);
/** Numbers of rows. `in` is always `out` + `refused`. */
const rowCounts = { in: count, out: count, refused: count };
/** Where most rows of a reason have what refused them: `column "price"`. Absent from pieces of earlier versions. */
const placesSchema = z.partialRecord(z.string().refine(isRowReason), z.string().max(300)).optional();
/** The counts of one file, by its name. */
const fileRows = z.strictObject({
  name: z.string(),
  ...rowCounts,
  reasons: reasonsSchema,
  places: placesSchema,
});
/** Counts of the rows of one file. */
export type FileRows = z.output<typeof fileRows>;

/** The end of a digest: sums of a few are exact in JavaScript. */
export const DIGEST_END = 2 ** 32;

/** The end of a digest of a sampled row: an exact number in JavaScript. */
export const SAMPLE_END = 2 ** 52;
/** Rows of a sample: of a share of a tenth it has 13, and hardly ever fewer than 6 or more than 20. */
export const MOST_SAMPLED = 128;
/** Files of a sampled row that are named. */
const MOST_KEYS = 2;

/** What accepted rows hold, as the process of the engine answers it. */
const contentSchema = z.strictObject({
  /**
   * Accepted rows, without those of groups of files of which none was looked at. Counts of fields are of the rows that
   * were looked at, scaled to all of their group.
   */
  rows: count,
  /** By field, as the mapping has it: `metadata.plan`. */
  fields: z.record(
    z.string(),
    z.strictObject({
      /** The name of its column; empty if no file has one. */
      column: z.string(),
      /** Rows without a value, with a null of JSON, or with a text of spaces or none. */
      none: count,
      /** Rows whose value is a number, also as a text. */
      numbers: count,
      /** The rows of `numbers` whose number is whole. */
      whole: count,
      /** Values that were looked at. */
      looked: count,
      /** How many of them differ from each other: of files in several pieces or with other columns the sum. */
      different: count,
      /**
       * The most frequent of them, and how many have it; of several groups the one that most of one group have. Of a
       * long one the text is absent, and no more than `values` have it. Absent without any, and from pieces of earlier
       * versions.
       */
      most: z.strictObject({ text: z.string().optional(), values: count }).optional(),
      /** How many of them have so many characters, by characters: of the first {@link MOST_LENGTHS} lengths. */
      lengths: z.record(z.string(), count),
      /** Rows by the form of their value (valueForms.ts), without zeros. */
      forms: z.record(z.string(), count),
      /**
       * How large its numbers are: of those that were looked at and are not 0, how many there are, and the sum of the
       * logarithms to base 10 of what they are without a sign, the largest of these, and its number as it stands in the
       * file. Absent without any.
       */
      size: z
        .strictObject({ values: count, logs: z.number(), largest: z.number(), text: z.string() })
        .optional(),
      /** Some values as they stand in the files, by the type of the column that has them. */
      types: z.record(z.string(), z.array(z.string()).readonly()),
    }),
  ),
  /** Accepted rows by the days of their own times, without the day of the folder. */
  days: z.record(z.string(), count),
  /**
   * Accepted rows by the hour since the folder's day began, from -24 to 47; none of a kind without a time of its own,
   * or with a date alone.
   */
  hours: z.record(z.string(), count),
  /**
   * By the hash of what accepted rows have beside their times the sum of hashes, modulo {@link DIGEST_END}; empty of
   * kinds without values.
   */
  digests: z.array(count),
  /** Accepted rows of files in which many are equal to an earlier one, by file: how many are, and of how many. */
  repeats: z.record(z.string(), z.strictObject({ rows: count, of: count })),
  /**
   * A sample of accepted rows that differ, in the order of their digests: those with the lowest, {@link MOST_SAMPLED} at
   * most. Rows with one digest are equal in all that the files say.
   */
  sample: z.array(
    z.strictObject({
      /** The digest, below {@link SAMPLE_END}. */
      digest: count,
      /** How many files have the row. */
      files: count,
      /** The first of them, two at most. */
      keys: z.array(z.string()),
    }),
  ),
  /**
   * Accepted rows by column of names and name, how many of them have the number 0 as the value of a metric, and the key
   * of a file with them: a few more than are kept of a column of many.
   */
  names: z.record(
    z.string(),
    z.record(z.string(), z.strictObject({ rows: count, zeros: count, file: z.string() })),
  ),
});
/** What accepted rows hold. */
export type RowContent = z.output<typeof contentSchema>;
/** What accepted rows hold in one field. */
export type FieldContent = RowContent['fields'][string];

/** The rows of some files, or of all of a day. */
export const mappedRowsSchema = z.strictObject({
  rows: z.strictObject(rowCounts),
  /** In the order of the files. */
  files: z.array(fileRows).readonly(),
  reasons: reasonsSchema,
  /** Of the last file that has rows of the reason. */
  places: placesSchema,
  content: contentSchema,
});
/** See {@link mappedRowsSchema}. */
export type MappedRows = z.output<typeof mappedRowsSchema>;

/** Adds up the rows of files, and what they hold. */
export function sumRows(files: readonly FileRows[], contents: readonly RowContent[]): MappedRows {
  const rows = { in: 0, out: 0, refused: 0 };
  const reasons: MappedRows['reasons'] = {};
  const places: FileRows['places'] = {};
  for (const file of files) {
    rows.in += file.in;
    rows.out += file.out;
    rows.refused += file.refused;
    Object.assign(places, file.places);
    for (const [reason, more] of Object.entries(file.reasons))
      if (isRowReason(reason)) reasons[reason] = (reasons[reason] ?? 0) + more;
  }
  return { rows, reasons, places, files, content: sumContents(contents) };
}

/** What no rows hold. */
export function emptyContent(): RowContent {
  return { rows: 0, fields: {}, days: {}, hours: {}, digests: [], repeats: {}, sample: [], names: {} };
}

/** Adds up samples of rows. Each has the lowest digests of its rows, and so has the sum. */
export function sumSamples(samples: readonly RowContent['sample'][]): RowContent['sample'] {
  const byDigest = Map.groupBy(samples.flat(), ({ digest }) => digest);
  const lowest = [...byDigest].sort(([a], [b]) => a - b).slice(0, MOST_SAMPLED);
  return lowest.map(([digest, same]) => ({
    digest,
    files: same.reduce((files, row) => files + row.files, 0),
    keys: same.flatMap(({ keys }) => keys).slice(0, MOST_KEYS),
  }));
}

/** Names of a column by which days are compared: a column of more has none of a few things. */
export const MOST_NAMES = 20;

/** Values of a field that are kept as they stand in the files. */
export const KEPT_VALUES = 3;

/** The counts of a field without values. */
function noValues(): Pick<
  FieldContent,
  'none' | 'numbers' | 'whole' | 'looked' | 'different' | 'forms' | 'lengths'
> {
  return { none: 0, numbers: 0, whole: 0, looked: 0, different: 0, forms: {}, lengths: {} };
}

/** The most frequent value of two groups: both if it is the same, or may be. */
function mostOf(
  one: FieldContent['most'],
  other: NonNullable<FieldContent['most']>,
): NonNullable<FieldContent['most']> {
  if (one !== undefined && one.text === other.text) return { ...one, values: one.values + other.values };
  return one !== undefined && one.values >= other.values ? one : other;
}

/** Adds up what rows hold. */
function sumContents(contents: readonly RowContent[]): RowContent {
  const sum = { ...emptyContent(), sample: sumSamples(contents.map(({ sample }) => sample)) };
  for (const { rows, fields, days, hours, digests, repeats, names } of contents) {
    sum.rows += rows;
    Object.assign(sum.repeats, repeats);
    for (const [column, found] of Object.entries(names)) {
      const known = ownMember(sum.names, column) ?? {};
      sum.names[column] = known;
      addNames(known, found);
    }
    for (const [i, more] of digests.entries()) sum.digests[i] = ((sum.digests[i] ?? 0) + more) % DIGEST_END;
    addCounts(sum.hours, hours);
    addCounts(sum.days, days);
    for (const [name, content] of Object.entries(fields)) {
      const field = ownMember(sum.fields, name) ?? { column: content.column, ...noValues(), types: {} };
      sum.fields[name] = field;
      addField(field, content);
    }
  }
  return sum;
}

/** Adds counts to those of the same names. */
function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, more] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + more;
}

/** Adds the rows of names to those of a column. The first file of a name stays. */
function addNames(sum: RowContent['names'][string], names: RowContent['names'][string]): void {
  for (const [name, more] of Object.entries(names)) {
    const { rows = 0, zeros = 0, file = more.file } = ownMember(sum, name) ?? {};
    sum[name] = { rows: rows + more.rows, zeros: zeros + more.zeros, file };
  }
}

/** Adds what more rows hold in a field. Of its values the first few of each type are kept. */
function addField(
  sum: FieldContent,
  { column, forms, lengths, most, size, types, ...counts }: FieldContent,
): void {
  sum.column ||= column;
  sum.none += counts.none;
  sum.numbers += counts.numbers;
  sum.whole += counts.whole;
  sum.looked += counts.looked;
  sum.different += counts.different;
  if (most !== undefined) sum.most = mostOf(sum.most, most);
  addCounts(sum.forms, forms);
  addCounts(sum.lengths, lengths);
  if (size !== undefined) {
    const { values, logs, ...far } = sum.size ?? { ...size, values: 0, logs: 0 };
    sum.size = {
      values: values + size.values,
      logs: logs + size.logs,
      ...(size.largest > far.largest ? { largest: size.largest, text: size.text } : far),
    };
  }
  for (const [type, values] of Object.entries(types)) {
    const all = new Set([...(sum.types[type] ?? []), ...values]);
    sum.types[type] = [...all].slice(0, KEPT_VALUES);
  }
}
