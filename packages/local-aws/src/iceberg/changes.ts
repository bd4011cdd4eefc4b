import { z } from 'zod';
import { IcebergError } from './IcebergError.ts';
import { assertWritable, schemaOf, specOf } from './metadata.ts';
import type { IcebergField, IcebergSchema, IcebergType, TableMetadata } from './model.ts';
import { assertType, isPromotion, withFreshIds } from './types.ts';

/**
 * A change of a column at the top of the schema, named without regard to case. IDs in added types are given anew.
 * `widen` allows int to long, float to double, and more digits of a decimal, also inside of structs, lists and maps of the
 * same form. `move` puts a column behind another, or at the front.
 */
export type SchemaChange =
  | { readonly add: { readonly name: string; readonly type: IcebergType; readonly doc?: string } }
  | { readonly drop: string }
  | { readonly rename: string; readonly to: string }
  | { readonly widen: string; readonly to: IcebergType }
  | { readonly describe: string; readonly doc: string | undefined }
  | { readonly move: string; readonly after: string | null };

/** The columns that a change may read and replace. */
interface Columns {
  readonly metadata: TableMetadata;
  readonly nextId: () => number;
  fields: readonly IcebergField[];
}

/** Names of columns in files that have no IDs: https://iceberg.apache.org/spec/#name-mapping-serialization. */
const NAME_MAPPING = 'schema.name-mapping.default';
interface MappedField {
  readonly 'field-id'?: number | undefined;
  readonly names: readonly string[];
  readonly fields?: readonly MappedField[] | undefined;
}
const mappedFieldSchema: z.ZodType<MappedField> = z.lazy(() =>
  z.looseObject({
    'field-id': z.int().optional(),
    names: z.array(z.string()),
    fields: z.array(mappedFieldSchema).optional(),
  }),
);

/**
 * Applies changes in their order, as one new schema that becomes current. A schema that the table had before comes back with
 * its ID. Throws `INVALID_SCHEMA`: names that are taken or missing, a promotion that isn't allowed, a column that partitions
 * or identifies.
 */
export function changeSchema(
  metadata: TableMetadata,
  changes: readonly SchemaChange[],
  now: number,
): TableMetadata {
  assertWritable(metadata);
  const current = schemaOf(metadata);
  let lastId = metadata['last-column-id'];
  const columns: Columns = {
    metadata,
    nextId: () => {
      lastId += 1;
      return lastId;
    },
    fields: current.fields,
  };
  for (const change of changes) applyChange(columns, change);
  const schema = { ...current, fields: columns.fields };
  assertType(schema);
  const text = (candidate: IcebergSchema) => JSON.stringify({ ...candidate, 'schema-id': 0 });
  const known = metadata.schemas.find((candidate) => text(candidate) === text(schema));
  const id = known
    ? known['schema-id']
    : Math.max(...metadata.schemas.map((candidate) => candidate['schema-id'])) + 1;
  return {
    ...metadata,
    'last-updated-ms': Math.max(now, metadata['last-updated-ms']),
    'last-column-id': lastId,
    schemas: known ? metadata.schemas : [...metadata.schemas, { ...schema, 'schema-id': id }],
    'current-schema-id': id,
    properties: withMappedNames(metadata.properties, current.fields, columns.fields),
  };
}

/**
 * Sets and removes table properties. `format-version` = 2 isn't kept: it makes a version 1 table one of version 2.
 * Throws `UNSUPPORTED` for another version, `INVALID_SCHEMA` where a property is set and removed.
 */
export function changeProperties(
  metadata: TableMetadata,
  set: Readonly<Record<string, string>>,
  remove: readonly string[],
  now: number,
): TableMetadata {
  const both = remove.find((name) => name in set);
  if (both !== undefined) {
    throw new IcebergError('INVALID_SCHEMA', `The property ${both} is set and removed.`);
  }
  const { 'format-version': version = '2', ...properties } = { ...metadata.properties, ...set };
  if (version !== '2' && !(version === '1' && metadata['format-version'] === 1)) {
    throw new IcebergError('UNSUPPORTED', `Tables can't be made Iceberg's format version ${version} here.`);
  }
  if (set['format-version'] !== '2') assertWritable(metadata);
  return {
    ...withoutVersion1(metadata),
    'format-version': 2,
    'last-updated-ms': Math.max(now, metadata['last-updated-ms']),
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !remove.includes(name))),
  };
}

function applyChange(columns: Columns, change: SchemaChange): void {
  const replace = (name: string, edit: (field: IcebergField) => IcebergField) => {
    const found = columnOf(columns, name);
    columns.fields = columns.fields.map((field) => (field === found ? edit(field) : field));
  };
  if ('add' in change) {
    const { name, type, doc } = change.add;
    assertFree(columns, name);
    const id = columns.nextId();
    const field = { id, name, required: false, type: withFreshIds(type, columns.nextId) };
    columns.fields = [...columns.fields, doc === undefined ? field : { ...field, doc }];
  } else if ('drop' in change) {
    const found = columnOf(columns, change.drop);
    assertUnused(columns.metadata, found);
    columns.fields = columns.fields.filter((field) => field !== found);
    if (columns.fields.length === 0)
      throw new IcebergError('INVALID_SCHEMA', 'A table has at least one column.');
  } else if ('rename' in change) {
    if (change.to.toLowerCase() !== change.rename.toLowerCase()) assertFree(columns, change.to);
    replace(change.rename, (field) => ({ ...field, name: change.to }));
  } else if ('widen' in change) {
    replace(change.widen, (field) => ({ ...field, type: widened(field.name, field.type, change.to) }));
  } else if ('describe' in change) {
    replace(change.describe, ({ doc: _before, ...field }) =>
      change.doc === undefined ? field : { ...field, doc: change.doc },
    );
  } else {
    const moved = columnOf(columns, change.move);
    const others = columns.fields.filter((field) => field !== moved);
    const at = change.after === null ? 0 : others.indexOf(columnOf(columns, change.after)) + 1;
    if (change.after !== null && at === 0) {
      throw new IcebergError('INVALID_SCHEMA', `The column ${moved.name} can't be moved behind itself.`);
    }
    columns.fields = others.toSpliced(at, 0, moved);
  }
}

/** A column by its name, else by its name without regard to case. */
function columnOf({ fields }: Columns, name: string): IcebergField {
  const found =
    fields.find((field) => field.name === name) ??
    fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new IcebergError('INVALID_SCHEMA', `The table has no column ${name}.`);
  return found;
}

function assertFree({ fields }: Columns, name: string): void {
  if (name === '') throw new IcebergError('INVALID_SCHEMA', 'A column has a name.');
  if (fields.some((field) => field.name.toLowerCase() === name.toLowerCase())) {
    throw new IcebergError('INVALID_SCHEMA', `The table has a column ${name} already.`);
  }
}

/** Refuses to drop what the default partition spec or the rows' identity needs. */
function assertUnused(metadata: TableMetadata, { id, name }: IcebergField): void {
  const partition = specOf(metadata).fields.find(
    (field) => field['source-id'] === id && field.transform !== 'void',
  );
  if (partition) {
    throw new IcebergError(
      'INVALID_SCHEMA',
      `The column ${name} can't be dropped: the table is partitioned by it.`,
    );
  }
  if (schemaOf(metadata)['identifier-field-ids']?.includes(id)) {
    throw new IcebergError('INVALID_SCHEMA', `The column ${name} can't be dropped: it identifies rows.`);
  }
}

/** The wider type with the IDs that the column has. */
function widened(name: string, from: IcebergType, to: IcebergType): IcebergType {
  if (typeof from === 'string' || typeof to === 'string') {
    if (isPromotion(from, to)) return to;
  } else if (from.type === 'struct' && to.type === 'struct' && from.fields.length === to.fields.length) {
    return {
      ...from,
      fields: from.fields.map((field, index) => {
        const wide = to.fields[index];
        if (wide?.name !== field.name) throw wrongPromotion(name, from, to);
        return { ...field, type: widened(`${name}.${field.name}`, field.type, wide.type) };
      }),
    };
  } else if (from.type === 'list' && to.type === 'list') {
    return { ...from, element: widened(`${name}.element`, from.element, to.element) };
  } else if (from.type === 'map' && to.type === 'map') {
    // Keys can't be changed.
    if (JSON.stringify(widened(`${name}.key`, from.key, to.key)) === JSON.stringify(from.key)) {
      return { ...from, value: widened(`${name}.value`, from.value, to.value) };
    }
  }
  throw wrongPromotion(name, from, to);
}

function wrongPromotion(name: string, from: IcebergType, to: IcebergType): IcebergError {
  const shown = (type: IcebergType) => (typeof type === 'string' ? type : type.type);
  return new IcebergError(
    'INVALID_SCHEMA',
    `The column ${name} can't be changed from ${shown(from)} to ${shown(to)}: Iceberg allows int to long, float to double, and more digits of a decimal.`,
  );
}

/** Renamed and added columns get into the name mapping, where the table has one, as in Java. */
function withMappedNames(
  properties: TableMetadata['properties'],
  before: readonly IcebergField[],
  after: readonly IcebergField[],
): TableMetadata['properties'] {
  const written = properties[NAME_MAPPING];
  if (written === undefined) return properties;
  const read = z.array(mappedFieldSchema).safeParse(parsedOrNull(written));
  if (!read.success) throw new IcebergError('BAD_METADATA', `The property ${NAME_MAPPING} can't be read.`);
  const changed = after.filter((field) => before.find(({ id }) => id === field.id)?.name !== field.name);
  const taken = new Set(changed.map(({ name }) => name));
  const kept = read.data.map((mapped) => {
    const field = changed.find(({ id }) => id === mapped['field-id']);
    // A name belongs to the column that has it now.
    const names = mapped.names.filter((name) => !taken.has(name));
    return { ...mapped, names: field ? [...names, field.name] : names };
  });
  const added = changed
    .filter(({ id }) => !read.data.some((mapped) => mapped['field-id'] === id))
    .map(({ id, name }) => ({ 'field-id': id, names: [name] }));
  return { ...properties, [NAME_MAPPING]: JSON.stringify([...kept, ...added]) };
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Metadata without the members that only version 1 has. */
function withoutVersion1(metadata: TableMetadata): TableMetadata {
  const {
    schema: _schema,
    'partition-spec': _spec,
    ...kept
  } = metadata as TableMetadata & {
    readonly schema?: unknown;
    readonly 'partition-spec'?: unknown;
  };
  return kept;
}
