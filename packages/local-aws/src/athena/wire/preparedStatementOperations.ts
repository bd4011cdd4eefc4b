import { z } from 'zod';
import { epochSeconds, type JsonOperation, operation } from '../../protocol/jsonService.ts';
import { invalidRequest, resourceNotFound } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import type { PreparedStatement } from '../model/PreparedStatementStore.ts';
import { descriptionSchema, workGroupNameSchema } from '../model/WorkGroups.ts';
import type { AthenaContext } from './AthenaContext.ts';

/** The name of a prepared statement. */
const nameSchema = z
  .string()
  .min(1)
  .max(LIMITS.statementNameCharacters)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_@:]*$/, 'a name that begins with a letter or an underscore');
/** Members of an operation on one statement. */
const nameMembers = { StatementName: nameSchema, WorkGroup: workGroupNameSchema };
/** Members of an operation that stores a statement. */
const statement = {
  ...nameMembers,
  QueryStatement: z.string().min(1).max(LIMITS.queryCharacters),
  Description: descriptionSchema.optional(),
};

/** Create, read and delete prepared statements. `EXECUTE` finds them by the query's workgroup. */
export function preparedStatementOperations(context: AthenaContext): Record<string, JsonOperation> {
  const { prepared, workGroups } = context;
  const find = (workGroup: string, name: string): PreparedStatement => {
    const found = prepared.get(workGroups.find(workGroup).name, name);
    if (found === undefined) throw resourceNotFound(notFound(workGroup, name), name);
    return found;
  };
  return {
    CreatePreparedStatement: operation({
      input: z.strictObject(statement),
      run({ StatementName, WorkGroup, QueryStatement, Description }) {
        if (prepared.get(workGroups.find(WorkGroup).name, StatementName) !== undefined) {
          throw invalidRequest(`PreparedStatement ${StatementName} already exists in WorkGroup ${WorkGroup}`);
        }
        prepared.put(WorkGroup, StatementName, QueryStatement, Description);
      },
    }),
    GetPreparedStatement: operation({
      input: z.strictObject(nameMembers),
      run: ({ StatementName, WorkGroup }) => ({
        PreparedStatement: document(find(WorkGroup, StatementName)),
      }),
    }),
    DeletePreparedStatement: operation({
      input: z.strictObject(nameMembers),
      run({ StatementName, WorkGroup }) {
        const { workGroup, name } = find(WorkGroup, StatementName);
        prepared.remove(workGroup, name);
      },
    }),
  };
}

/** The message about a statement that does not exist. */
const notFound = (workGroup: string, name: string) =>
  `PreparedStatement ${name} was not found in workGroup ${workGroup}`;

/**
 * A prepared statement in Athena's responses:
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_PreparedStatement.html
 */
function document({ name, sql, workGroup, description, modifiedAt }: PreparedStatement) {
  return {
    StatementName: name,
    QueryStatement: sql,
    WorkGroupName: workGroup,
    Description: description,
    LastModifiedTime: epochSeconds(modifiedAt),
  };
}
