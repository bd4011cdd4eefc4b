import type { Execution } from '../model/Execution.ts';
import { ENGINE_VERSION } from '../model/workGroupConfiguration.ts';
import { seconds } from './AthenaContext.ts';

/** An execution as `GetQueryExecution` answers it: https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecution.html */
export function executionDocument(execution: Execution) {
  const { id, query, statementType, substatementType, catalog, database, parameters, workGroup } = execution;
  const { results, reuse, outputLocation } = execution;
  return {
    QueryExecutionId: id,
    Query: query,
    StatementType: statementType,
    ResultConfiguration: { ...results, OutputLocation: outputLocation },
    ResultReuseConfiguration: {
      ResultReuseByAgeConfiguration:
        reuse?.enabled === true
          ? { Enabled: true, MaxAgeInMinutes: reuse.maxAgeMinutes }
          : { Enabled: false },
    },
    // Athena folds the names of catalogs and databases to lower case.
    QueryExecutionContext: { Database: database?.toLowerCase(), Catalog: catalog.toLowerCase() },
    Status: statusDocument(execution),
    Statistics: {
      ...timeline(execution),
      DataScannedInBytes: execution.scannedBytes,
      DataManifestLocation: execution.outcome?.manifestLocation,
      ResultReuseInformation: { ReusedPreviousResult: false },
    },
    WorkGroup: workGroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: ENGINE_VERSION },
    ExecutionParameters: parameters.length === 0 ? undefined : parameters,
    SubstatementType: substatementType,
  };
}

/** What `GetQueryRuntimeStatistics` answers. Rows read aren't counted here and so are left out. */
export function runtimeStatistics(execution: Execution) {
  const { outcome, scannedBytes } = execution;
  return {
    Timeline: timeline(execution),
    Rows: {
      InputBytes: scannedBytes,
      OutputBytes: outcome?.outputBytes,
      OutputRows: outcome?.outputRows,
    },
  };
}

function statusDocument({ state, reason, error, submittedAt, completedAt }: Execution) {
  return {
    State: state,
    StateChangeReason: reason,
    SubmissionDateTime: seconds(submittedAt),
    CompletionDateTime: completedAt === undefined ? undefined : seconds(completedAt),
    AthenaError:
      error === undefined
        ? undefined
        : {
            ErrorCategory: error.category,
            ErrorType: error.type,
            Retryable: error.retryable,
            ErrorMessage: reason,
          },
  };
}

/** Milliseconds by the local clock; nothing is planned or finished apart from the run itself. */
function timeline({ submittedAt, startedAt, completedAt }: Execution) {
  const between = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? 0 : Math.max(0, to - from);
  return {
    EngineExecutionTimeInMillis: between(startedAt, completedAt),
    TotalExecutionTimeInMillis: between(submittedAt, completedAt),
    QueryQueueTimeInMillis: between(submittedAt, startedAt ?? completedAt),
    ServicePreProcessingTimeInMillis: 0,
    QueryPlanningTimeInMillis: 0,
    ServiceProcessingTimeInMillis: 0,
  };
}
