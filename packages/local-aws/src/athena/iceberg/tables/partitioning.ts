import { type IcebergField, transformedType } from '../../../iceberg/index.ts';
import { statementError } from '../../engine/StatementError.ts';

/** A field of `PARTITIONED BY` or `partitioning`. */
export interface PartitionTransform {
  /** Lower case. */
  readonly column: string;
  /** `identity`, `bucket`, `truncate`, `year`, `month`, `day` or `hour`. */
  readonly transform: string;
  /** Only for `bucket` and `truncate`. */
  readonly argument?: number;
}

/** Names of fields, as Iceberg's PartitionSpec.Builder gives them: https://github.com/apache/iceberg. */
const SUFFIXES: Readonly<Record<string, string>> = {
  identity: '',
  bucket: '_bucket',
  truncate: '_trunc',
  year: '_year',
  month: '_month',
  day: '_day',
  hour: '_hour',
};

/** Whether a word is a transform with an argument, a transform without, or none. */
export function transformKind(word: string): 'sized' | 'plain' | undefined {
  if (word === 'bucket' || word === 'truncate') return 'sized';
  return word !== 'identity' && Object.hasOwn(SUFFIXES, word) ? 'plain' : undefined;
}

/**
 * Reads a text of `partitioning = ARRAY[…]`, where the column comes before the number: `bucket(id, 16)`.
 * https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
 *
 * @throws StatementError `INVALID_TABLE_PROPERTY`
 */
export function parsePartitioning(text: string): PartitionTransform {
  const [, word, inner] = /^\s*(\w+)\s*\(\s*(.*?)\s*\)\s*$/s.exec(text) ?? [];
  const column = /^"?([^"(),]+?)"?$/.exec((inner ?? text).trim())?.[1]?.toLowerCase();
  if (word === undefined && column !== undefined) return { column, transform: 'identity' };
  const kind = transformKind(word?.toLowerCase() ?? '');
  const transform = word?.toLowerCase() ?? '';
  if (kind === 'plain' && column !== undefined) return { column, transform };
  const [, sized, argument] = /^"?([^"(),]+?)"?\s*,\s*(\d+)$/.exec(inner ?? '') ?? [];
  if (kind === 'sized' && sized !== undefined && Number(argument) > 0)
    return { column: sized.toLowerCase(), transform, argument: Number(argument) };
  throw statementError(
    'INVALID_TABLE_PROPERTY',
    `Unable to parse partitioning value: Invalid partition field declaration: ${text}`,
  );
}

/** The spec of a new table. @throws StatementError for a column that isn't there or whose type the transform doesn't take. */
export function specFields(partitioning: readonly PartitionTransform[], fields: readonly IcebergField[]) {
  return partitioning.map(({ column, transform, argument }) => {
    const source = fields.find(({ name }) => name === column);
    if (source === undefined)
      throw statementError('COLUMN_NOT_FOUND', `Partition column '${column}' is not a column of the table`);
    if (typeof source.type !== 'string')
      throw statementError('NOT_SUPPORTED', `Unable to partition by the nested column '${column}'`);
    const name = argument === undefined ? transform : `${transform}[${argument}]`;
    transformedType(name, source.type);
    return { 'source-id': source.id, name: `${column}${SUFFIXES[transform] ?? ''}`, transform: name };
  });
}
