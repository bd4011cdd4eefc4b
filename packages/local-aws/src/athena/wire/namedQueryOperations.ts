import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidRequest } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { PRIMARY } from '../model/WorkGroups.ts';
import { workGroupNameSchema } from '../model/workGroupProperties.ts';
import { type AthenaContext, idSchema, pageMembers } from './AthenaContext.ts';

const namedQueryNotFound = (id: string) => `NamedQuery ${id} was not found`;

/** Read named queries, of which there are none here: only consoles make them. Tools ask for them all the same. */
export function namedQueryOperations({ workGroups }: AthenaContext): Record<string, JsonOperation> {
  return {
    ListNamedQueries: operation({
      input: z.strictObject({ ...pageMembers, WorkGroup: workGroupNameSchema.default(PRIMARY) }),
      run({ WorkGroup }) {
        workGroups.find(WorkGroup);
        return { NamedQueryIds: [] };
      },
    }),
    GetNamedQuery: operation({
      input: z.strictObject({ NamedQueryId: idSchema }),
      run({ NamedQueryId }) {
        throw invalidRequest(namedQueryNotFound(NamedQueryId));
      },
    }),
    BatchGetNamedQuery: operation({
      input: z.strictObject({ NamedQueryIds: z.array(idSchema).min(1).max(LIMITS.batch) }),
      run: ({ NamedQueryIds }) => ({
        NamedQueries: [],
        UnprocessedNamedQueryIds: NamedQueryIds.map((id) => ({
          NamedQueryId: id,
          ErrorCode: 'INVALID_INPUT',
          ErrorMessage: namedQueryNotFound(id),
        })),
      }),
    }),
  };
}
