import type { TableKind } from '../lib/tables/Table.ts';
import { databaseText } from './databaseName.ts';
import { arn } from './intrinsics.ts';
import type { Value } from './Resource.ts';
import { kindId, type Stack } from './Stack.ts';

/**
 * What a policy must name to allow an action on tables: Glue checks the catalog and the database too.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogArns(stack: Pick<Stack, 'config'>, kinds: readonly TableKind[]): Value[] {
  const database = databaseText(stack);
  return [
    arn('glue', 'catalog'),
    arn('glue', `database/${database}`),
    ...kinds.map((kind) => arn('glue', `table/${database}/\${${kindId(kind, 'Table')}}`)),
  ];
}
