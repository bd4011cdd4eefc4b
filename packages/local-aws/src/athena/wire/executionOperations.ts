import { z } from 'zod';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { invalidRequest } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { refuseClientEncryption, resultConfigurationSchema } from '../model/resultConfiguration.ts';
import { PRIMARY } from '../model/WorkGroups.ts';
import { workGroupNameSchema } from '../model/workGroupProperties.ts';
import { type AthenaContext, idSchema, pageMembers } from './AthenaContext.ts';
import { DATA_CATALOG, isDataCatalog } from './dataCatalog.ts';
import { executionDocument, runtimeStatistics } from './executionDocument.ts';
import { page } from './page.ts';

const byId = z.strictObject({ QueryExecutionId: idSchema });

const contextSchema = z
  .strictObject({
    Catalog: z.string().min(1).max(LIMITS.catalogCharacters).default(DATA_CATALOG),
    Database: z.string().min(1).max(LIMITS.databaseCharacters).optional(),
  })
  .default({ Catalog: DATA_CATALOG });

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html, without `EngineConfiguration`: there is no capacity to reserve. */
const startSchema = z.strictObject({
  QueryString: z
    .string()
    .min(1, 'Member must have length greater than or equal to 1')
    .max(LIMITS.queryCharacters, `Member must have length less than or equal to ${LIMITS.queryCharacters}`),
  ClientRequestToken: z.string().min(LIMITS.tokenLeastCharacters).max(LIMITS.tokenMostCharacters).optional(),
  QueryExecutionContext: contextSchema,
  ResultConfiguration: resultConfigurationSchema.optional(),
  WorkGroup: workGroupNameSchema.default(PRIMARY),
  ExecutionParameters: z.array(z.string().min(1).max(LIMITS.parameterCharacters)).min(1).optional(),
  ResultReuseConfiguration: z
    .strictObject({
      ResultReuseByAgeConfiguration: z
        .strictObject({
          Enabled: z.boolean(),
          MaxAgeInMinutes: z.int().min(0).max(LIMITS.reuseMinutes).optional(),
        })
        .optional(),
    })
    .optional(),
});

/** Athena's own default. API_ResultReuseByAgeConfiguration */
const DEFAULT_REUSE_MINUTES = 60;

/** Start, watch and stop queries. */
export function executionOperations({
  executions,
  workGroups,
}: AthenaContext): Record<string, JsonOperation> {
  return {
    StartQueryExecution: operation({
      input: startSchema,
      run(input, { signature }) {
        const { Catalog, Database } = input.QueryExecutionContext;
        const age = input.ResultReuseConfiguration?.ResultReuseByAgeConfiguration;
        if (!isDataCatalog(Catalog)) throw notImplemented(`athena data catalog ${Catalog}`);
        if (input.QueryString.trim() === '') throw invalidRequest('Query string cannot be empty');
        refuseClientEncryption(input.ResultConfiguration);
        const { id } = executions.start({
          caller: signature.accessKeyId,
          query: input.QueryString,
          catalog: Catalog,
          database: Database,
          parameters: input.ExecutionParameters ?? [],
          workGroup: input.WorkGroup,
          results: input.ResultConfiguration,
          reuse: age && {
            enabled: age.Enabled,
            maxAgeMinutes: age.MaxAgeInMinutes ?? DEFAULT_REUSE_MINUTES,
          },
          token: input.ClientRequestToken,
        });
        return { QueryExecutionId: id };
      },
    }),
    GetQueryExecution: operation({
      input: byId,
      run: ({ QueryExecutionId }) => ({
        QueryExecution: executionDocument(executions.find(QueryExecutionId)),
      }),
    }),
    GetQueryRuntimeStatistics: operation({
      input: byId,
      run: ({ QueryExecutionId }) => ({
        QueryRuntimeStatistics: runtimeStatistics(executions.find(QueryExecutionId)),
      }),
    }),
    StopQueryExecution: operation({
      input: byId,
      run: ({ QueryExecutionId }) => executions.stop(QueryExecutionId),
    }),
    BatchGetQueryExecution: operation({
      input: z.strictObject({ QueryExecutionIds: z.array(idSchema).min(1).max(LIMITS.batch) }),
      run({ QueryExecutionIds }) {
        const found = QueryExecutionIds.map((id) => ({ id, execution: executions.get(id) }));
        return {
          QueryExecutions: found.flatMap(({ execution }) =>
            execution === undefined ? [] : [executionDocument(execution)],
          ),
          UnprocessedQueryExecutionIds: found
            .filter(({ execution }) => execution === undefined)
            .map(({ id }) => ({
              QueryExecutionId: id,
              ErrorCode: 'INVALID_INPUT',
              ErrorMessage: `QueryExecution ${id} was not found`,
            })),
        };
      },
    }),
    ListQueryExecutions: operation({
      input: z.strictObject({ ...pageMembers, WorkGroup: workGroupNameSchema.default(PRIMARY) }),
      run({ WorkGroup, ...paging }) {
        const { name } = workGroups.find(WorkGroup);
        const { items, next } = page(executions.of(name), ({ id }) => id, paging);
        return { QueryExecutionIds: items.map(({ id }) => id), NextToken: next };
      },
    }),
  };
}
