import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { quoteText } from '../../../base/sql.ts';
import type { IcebergType, IcebergValue } from '../../../iceberg/index.ts';
import type { TreeNode } from '../../../trino/index.ts';
import type { Session } from '../../engine/Session.ts';
import { duckDbTypeOf } from '../types.ts';

/** The value of a constant expression in a column's type; undefined for NULL and for what does not fit into the type. */
export async function readTypedValue(
  session: Session,
  tree: TreeNode,
  type: IcebergType,
): Promise<IcebergValue | undefined> {
  const inner = JSON.stringify({
    error: false,
    statements: [{ node: selectOf(tree), named_param_map: [] }],
  });
  try {
    const reader = await session.read(
      `SELECT CAST(v AS ${duckDbTypeOf(type)}) FROM json_execute_serialized_sql(${quoteText(inner)}) AS t(v)`,
    );
    return toIcebergValue(reader.getRows()[0]?.[0] ?? null);
  } catch {
    return undefined;
  }
}

/** A value of DuckDB in the form that bounds and partitions have. */
function toIcebergValue(value: DuckDBValue): IcebergValue | undefined {
  if (value instanceof DuckDBDateValue) return value.days;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  if (value instanceof DuckDBTimeValue) return value.micros;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBUUIDValue) return String(value);
  return typeof value === 'object' ? undefined : value;
}

function selectOf(item: TreeNode): TreeNode {
  return {
    type: 'SELECT_NODE',
    modifiers: [],
    cte_map: { map: [] },
    select_list: [item],
    from_table: { type: 'EMPTY', alias: '', sample: null },
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: 'STANDARD_HANDLING',
    having: null,
    sample: null,
    qualify: null,
  };
}
