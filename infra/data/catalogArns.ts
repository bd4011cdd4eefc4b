import { databaseArns } from '../../lib/access/placeArns.ts';
import type { TableKind } from '../../lib/schema/kinds.ts';
import { arn, HERE, sub } from '../template/intrinsics.ts';
import type { Value } from '../template/Resource.ts';
import { kindId, type Stack } from '../template/Stack.ts';
import { databaseText } from './databaseName.ts';

/**
 * What a policy must name to allow an action on tables: Glue checks the catalog and the database too.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogArns(stack: Pick<Stack, 'config'>, kinds: readonly TableKind[]): Value[] {
  return tableArns(
    stack,
    kinds.map((kind) => `\${${kindId(kind, 'Table')}}`),
  );
}

/**
 * The same of tables by name.
 *
 * @param tables Names, or patterns of names, in the notation of `Fn::Sub`.
 */
export function tableArns(stack: Pick<Stack, 'config'>, tables: readonly string[]): Value[] {
  const database = databaseText(stack);
  return [
    ...databaseArns(HERE, database).map(sub),
    ...tables.map((table) => arn('glue', `table/${database}/${table}`)),
  ];
}
