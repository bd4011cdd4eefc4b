import type { DeclaredColumn, Field, TimeField, TimeUnit } from '../../../lib/schema/mappings.ts';
import type { Dataset } from '../../../lib/schema/sources.ts';

/** What the fields of a mapping mean, by their names there. */
const MEANINGS = {
  timestamp: 'When it happened',
  date: 'Day that the row is of',
  eventName: 'Name of the event',
  eventValue: 'Value of the event',
  unitId: 'Unit ID',
  idType: 'Type of the unit ID, e.g. userID',
  unitType: 'Type of the unit ID, e.g. userID',
  experiment: 'Experiment that the unit was exposed to',
  group: 'Group that it was exposed to',
  metricName: 'Name of the metric',
  metricValue: 'Value of the metric',
  numerator: 'Numerator of a ratio',
  denominator: 'Denominator of a ratio',
  metadataJson: 'Metadata as a JSON object',
} as const;
type Member = keyof typeof MEANINGS;

/** Fields that a row need not have. */
const MAY_BE_NULL: readonly string[] = ['eventValue', 'metadataJson'];
const NUMBERS: readonly string[] = ['metricValue', 'numerator', 'denominator'];

/** A mapping of any kind. */
type AnyMapping = { readonly [member in Member]?: Field | TimeField | undefined } & {
  readonly unitIds?: Readonly<Record<string, Field>>;
  readonly metadata?: Readonly<Record<string, Field>>;
  readonly properties?: Readonly<Record<string, DeclaredColumn>>;
  readonly columns?: Readonly<Record<string, DeclaredColumn>>;
};

/**
 * The columns of a dataset's files, and the folders of their paths, by its mapping alone: name, type, where it is needed,
 * meaning. One that is read twice has two rows, and has to fit both.
 */
export function fileColumns({ kind, mapping }: Dataset): readonly (readonly string[])[] {
  const { unitIds = {}, metadata = {}, properties, columns, ...fields }: AnyMapping = mapping;
  const hasRatio = fields.numerator !== undefined;
  const hasNumber = hasRatio || fields.metricValue !== undefined || kind !== 'metrics';
  const all = hasNumber ? fields : { ...fields, metricValue: { column: 'metric_value', optional: false } };
  const ids = Object.entries(unitIds);
  return [
    ...Object.entries(MEANINGS).flatMap(([name, meaning]) => {
      const from = isMember(name) ? all[name] : undefined;
      if (from === undefined) return [];
      const isNumber = NUMBERS.includes(name);
      // With both, a row needs one of them.
      const isEither = isNumber && hasRatio && fields.metricValue !== undefined;
      const need = isEither || MAY_BE_NULL.includes(name) ? 'every file' : 'every row';
      const more = isEither ? '; a row needs a value, or numerator and denominator' : '';
      const isTime = name === 'timestamp' || name === 'date';
      return row(from, need, `${meaning}${more}`, isTime ? timeWords(from) : isNumber ? 'number' : 'text');
    }),
    ...ids.flatMap(([type, from]) =>
      ids.length > 1
        ? row(from, 'every file', `Unit ID of type ${type}; a row needs at least one of the unit IDs`, 'text')
        : row(from, 'every row', `Unit ID of type ${type}`, 'text'),
    ),
    ...Object.entries(metadata).flatMap(([key, from]) =>
      row(from, 'every file', `Metadata \`${key}\``, 'any'),
    ),
    ...Object.entries({ ...properties, ...columns }).flatMap(([name, from]) => {
      const { type, required, comment = `Column \`${name}\` of the table` } = from;
      const isTime = type === 'date' || type === 'timestamp';
      return row(
        from,
        required ? 'every row' : 'every file',
        comment,
        isTime ? timeWords(from) : TYPES[type],
      );
    }),
  ];
}

function isMember(name: string): name is Member {
  return Object.hasOwn(MEANINGS, name);
}

/** None for a constant. */
function row(
  from: Field | TimeField | DeclaredColumn,
  need: 'every row' | 'every file',
  meaning: string,
  type: string,
): string[][] {
  if ('constant' in from) return [];
  const cast = 'cast' in from ? from.cast : undefined;
  const isOptional = 'optional' in from && from.optional && need !== 'every row';
  const name = 'folder' in from ? `\`${from.folder}\` (folder)` : `\`${from.column}\``;
  return [[name, cast === undefined ? type : TYPES[cast], isOptional ? 'optional' : need, meaning]];
}

const TYPES: Readonly<Record<NonNullable<Extract<Field, { column: string }>['cast']>, string>> = {
  ...{ string: 'text', bigint: 'whole number', double: 'number', boolean: 'boolean' },
  ...{ date: 'date', timestamp: 'timestamp', uuid: 'UUID, or its 16 bytes' },
};

const UNITS: Readonly<Record<TimeUnit, string>> = {
  s: 'number of seconds since 1970-01-01 UTC',
  ms: 'number of milliseconds since 1970-01-01 UTC',
  us: 'number of microseconds since 1970-01-01 UTC',
  ns: 'number of nanoseconds since 1970-01-01 UTC',
  timestamp: 'timestamp or date',
  iso: 'text in ISO 8601, such as 2026-11-19T10:15:30Z',
};

function timeWords(from: Field | TimeField | DeclaredColumn): string {
  if ('format' in from && from.format !== undefined) return `text in the form \`${from.format}\``;
  if ('unit' in from && from.unit !== undefined) return UNITS[from.unit];
  if ('folder' in from) return 'a day or time in ISO 8601, such as 2026-11-19';
  return 'timestamp or date, text in ISO 8601, or number of seconds since 1970-01-01 UTC';
}
