import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { type NamedQuery, namedQueryNotFound } from '../model/NamedQueryStore.ts';
import { descriptionSchema, PRIMARY, workGroupNameSchema } from '../model/WorkGroups.ts';
import { type AthenaContext, idSchema, pageMembers, paginate, tokenSchema } from './AthenaContext.ts';

const nameSchema = z.string().min(1).max(LIMITS.namedQueryCharacters);
const querySchema = z.string().min(1).max(LIMITS.queryCharacters);

/** Create, read, update and delete named queries, which are texts that Athena does not check. */
export function namedQueryOperations({ named, workGroups }: AthenaContext): Record<string, JsonOperation> {
  return {
    CreateNamedQuery: operation({
      input: z.strictObject({
        Name: nameSchema,
        Database: z.string().min(1).max(LIMITS.databaseCharacters),
        QueryString: querySchema,
        Description: descriptionSchema.optional(),
        ClientRequestToken: tokenSchema.optional(),
        WorkGroup: workGroupNameSchema.default(PRIMARY),
      }),
      run({ Name, Database, QueryString, Description, ClientRequestToken, WorkGroup }) {
        const request = {
          workGroup: workGroups.find(WorkGroup).name,
          name: Name,
          database: Database,
          query: QueryString,
          ...(Description === undefined ? {} : { description: Description }),
        };
        return { NamedQueryId: named.create(request, ClientRequestToken).id };
      },
    }),
    UpdateNamedQuery: operation({
      input: z.strictObject({
        NamedQueryId: idSchema,
        Name: nameSchema,
        QueryString: querySchema,
        Description: descriptionSchema.optional(),
      }),
      run({ NamedQueryId, Name, QueryString, Description }) {
        const description = Description === undefined ? {} : { description: Description };
        named.update(NamedQueryId, { name: Name, query: QueryString, ...description });
      },
    }),
    GetNamedQuery: operation({
      input: z.strictObject({ NamedQueryId: idSchema }),
      run: ({ NamedQueryId }) => ({ NamedQuery: document(named.find(NamedQueryId)) }),
    }),
    BatchGetNamedQuery: operation({
      input: z.strictObject({ NamedQueryIds: z.array(idSchema).min(1).max(LIMITS.batch) }),
      run({ NamedQueryIds }) {
        const all = NamedQueryIds.map((id) => ({ id, found: named.get(id) }));
        return {
          NamedQueries: all.flatMap(({ found }) => (found === undefined ? [] : [document(found)])),
          UnprocessedNamedQueryIds: all
            .filter(({ found }) => found === undefined)
            .map(({ id }) => ({
              NamedQueryId: id,
              ErrorCode: 'INVALID_INPUT',
              ErrorMessage: namedQueryNotFound(id),
            })),
        };
      },
    }),
    ListNamedQueries: operation({
      input: z.strictObject({ ...pageMembers, WorkGroup: workGroupNameSchema.default(PRIMARY) }),
      run({ WorkGroup, ...paging }) {
        const { items, next } = paginate(named.list(workGroups.find(WorkGroup).name), ({ id }) => id, paging);
        return { NamedQueryIds: items.map(({ id }) => id), NextToken: next };
      },
    }),
    DeleteNamedQuery: operation({
      input: z.strictObject({ NamedQueryId: idSchema }),
      run({ NamedQueryId }) {
        named.remove([named.find(NamedQueryId).id]);
      },
    }),
  };
}

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html */
function document({ id, workGroup, name, database, query, description }: NamedQuery) {
  return {
    NamedQueryId: id,
    WorkGroup: workGroup,
    Name: name,
    Database: database,
    QueryString: query,
    Description: description,
  };
}
