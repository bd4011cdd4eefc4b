import type { DeclaredColumn, Field, TimeField } from '../../../lib/schema/mappings.ts';
import type { Dataset } from '../../../lib/schema/sources.ts';

/** How much a column is needed: in every row, at least in the file, or not at all. */
type Need = 'every row' | 'every file' | 'no';

/** A column of the files that a customer drops, or a folder of their paths, as the mapping reads it. */
export interface FileColumn {
  readonly name: string;
  /** `folder`: it is in the path of a file, `<name>=<value>/`. */
  readonly from: 'column' | 'folder';
  /** The type of its values, in words. */
  readonly type: string;
  readonly need: Need;
  readonly meaning: string;
}

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

/** Fields whose type is not a text. */
const TYPE_OF: Readonly<Partial<Record<Member, string>>> = {
  metricValue: 'number, finite',
  numerator: 'number, finite',
  denominator: 'number, finite',
  metadataJson: 'text: one JSON object',
};
/** Fields that a row need not have. */
const MAY_BE_NULL: readonly Member[] = ['eventValue', 'metadataJson'];

const ANY = 'any; lists and structs become JSON';

type Fields = { readonly [member in Member]?: Field | TimeField | undefined };

/** The fields of a mapping of any kind. */
interface AnyMapping extends Fields {
  readonly unitIds?: Readonly<Record<string, Field>>;
  readonly metadata?: Readonly<Record<string, Field>>;
  readonly properties?: Readonly<Record<string, DeclaredColumn>>;
  readonly columns?: Readonly<Record<string, DeclaredColumn>>;
}

/** Lists the columns of a dataset's files, by its mapping alone. One that is read twice has two entries, and has to fit both. */
export function fileColumns({ kind, mapping, timezone }: Dataset): readonly FileColumn[] {
  const { unitIds = {}, metadata = {}, properties, columns, ...fields }: AnyMapping = mapping;
  const hasRatio = fields.numerator !== undefined && fields.denominator !== undefined;
  const all: Fields =
    kind === 'metrics' && fields.metricValue === undefined && !hasRatio
      ? { ...fields, metricValue: { column: 'metric_value', optional: false } }
      : fields;
  // With both, a row needs one of them.
  const eitherOf =
    hasRatio && all.metricValue !== undefined ? ['metricValue', 'numerator', 'denominator'] : [];
  const units = Object.entries(unitIds);
  return [
    ...members(all).flatMap(([member, field]) => {
      const isEither = eitherOf.includes(member);
      const need = isEither || MAY_BE_NULL.includes(member) ? 'every file' : 'every row';
      const either = isEither ? '; a row needs a value, or numerator and denominator' : '';
      return fieldColumn(field, {
        meaning: `${MEANINGS[member]}${either}`,
        need,
        type:
          member === 'timestamp' || member === 'date'
            ? timeWords(field, timezone)
            : (TYPE_OF[member] ?? 'text, or a whole number'),
      });
    }),
    ...units.flatMap(([type, field]) =>
      fieldColumn(field, {
        meaning: `Unit ID of type ${type}${units.length > 1 ? '; a row needs at least one of the unit IDs' : ''}`,
        need: units.length > 1 ? 'every file' : 'every row',
        type: 'text, or a whole number',
      }),
    ),
    ...Object.entries(metadata).flatMap(([key, field]) =>
      fieldColumn(field, { meaning: `Metadata \`${key}\``, need: 'every file', type: ANY }),
    ),
    ...declared({ ...properties, ...columns }, timezone),
  ];
}

function members(fields: Fields): (readonly [Member, Field | TimeField])[] {
  return Object.entries(fields).flatMap(([name, field]) =>
    isMember(name) && field !== undefined ? [[name, field] as const] : [],
  );
}

function isMember(name: string): name is Member {
  return Object.hasOwn(MEANINGS, name);
}

/** The column or folder of a field; none for a constant. @param about `type` of a field without a cast. */
function fieldColumn(
  field: Field | TimeField,
  { meaning, need, type }: Pick<FileColumn, 'meaning' | 'need' | 'type'>,
): FileColumn[] {
  if ('constant' in field) return [];
  const cast = 'cast' in field ? field.cast : undefined;
  const isOptional = 'optional' in field && field.optional === true && need !== 'every row';
  return [
    {
      ...placeOf(field),
      type: cast === undefined ? type : CASTS[cast],
      need: isOptional ? 'no' : need,
      meaning,
    },
  ];
}

const CASTS: Readonly<Record<NonNullable<Extract<Field, { column: string }>['cast']>, string>> = {
  string: 'text, or what can be written as text',
  bigint: 'whole number, or text that is one',
  double: 'number, or text that is one',
  boolean: 'boolean, or the texts true and false',
  date: 'date, or ISO 8601 text such as 2026-11-19',
  timestamp: 'timestamp, or ISO 8601 text such as 2026-11-19T10:15:30Z',
  uuid: 'text of a UUID, or 16 bytes',
};

function placeOf(field: { readonly column: string } | { readonly folder: string }) {
  return 'folder' in field
    ? ({ name: field.folder, from: 'folder' } as const)
    : ({ name: field.column, from: 'column' } as const);
}

const UNITS: Readonly<Record<NonNullable<TimeField['unit']>, string>> = {
  s: 'number of seconds since 1970-01-01 UTC',
  ms: 'number of milliseconds since 1970-01-01 UTC',
  us: 'number of microseconds since 1970-01-01 UTC',
  ns: 'number of nanoseconds since 1970-01-01 UTC',
  timestamp: 'timestamp or date',
  iso: 'text in ISO 8601, such as 2026-11-19T10:15:30Z',
};

function timeWords(field: Field | TimeField | DeclaredColumn, timezone: string): string {
  const zone = `; without a zone it is in ${timezone}`;
  const format = 'format' in field ? field.format : undefined;
  const unit = 'unit' in field ? field.unit : undefined;
  if (format !== undefined) return `text in the form \`${format}\`${zone}`;
  if (unit !== undefined) return `${UNITS[unit]}${unit === 'timestamp' || unit === 'iso' ? zone : ''}`;
  return 'folder' in field
    ? `a day or time in ISO 8601, such as 2026-11-19${zone}`
    : `timestamp or date, text in ISO 8601, or number of seconds since 1970-01-01 UTC${zone}`;
}

const TYPES: Readonly<Record<DeclaredColumn['type'], string>> = {
  string: 'text; lists and structs become JSON',
  bigint: 'whole number, or text that is one',
  double: 'number, or text that is one',
  boolean: 'boolean, or the texts true and false',
  date: 'date',
  timestamp: 'timestamp',
};

/** Columns of tables that declare their own. */
function declared(columns: Readonly<Record<string, DeclaredColumn>>, timezone: string): FileColumn[] {
  return Object.entries(columns).map(([name, from]): FileColumn => {
    const { type, optional, required, comment } = from;
    const isTime = type === 'date' || type === 'timestamp';
    return {
      ...placeOf(from),
      type: isTime ? `${TYPES[type]}: ${timeWords(from, timezone)}` : TYPES[type],
      need: required ? 'every row' : optional ? 'no' : 'every file',
      meaning: comment ?? `Column \`${name}\` of the table`,
    };
  });
}
