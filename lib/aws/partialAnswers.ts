import type { GetQueryExecutionCommandOutput, QueryExecutionState } from '@aws-sdk/client-athena';
import type {
  BatchCreatePartitionCommandOutput,
  BatchUpdatePartitionCommandOutput,
  ErrorDetail,
} from '@aws-sdk/client-glue';
import type { DeleteObjectsCommandOutput } from '@aws-sdk/client-s3';
import type { SendMessageBatchCommandOutput } from '@aws-sdk/client-sqs';
import type { ItemFailure } from '../landing/catalog/PartitionCatalog.ts';

/**
 * Calls that AWS answers with 200 although some or all of what was asked has failed, and how their answers are read.
 * Every caller of such a call reads its answer by this table: test/lib/aws/partialAnswers.contract.test.ts makes each
 * of them fail in part, and finds such calls that are missing here.
 *
 * CopyObject and CompleteMultipartUpload, too, answer 200 with an error in the body, which the client of S3 throws.
 * Answers with the values of metrics are read only in lib/aws/metricData.ts.
 */
export const partialAnswers = {
  /** Objects that were not deleted, and why: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
  DeleteObjects: ({ Errors = [] }: DeleteObjectsCommandOutput) =>
    Errors.map(({ Key = '', Code = '' }) => ({ key: Key, why: Code })),

  /**
   * IDs of messages that are on the queue:
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
   */
  SendMessageBatch: ({ Successful = [] }: SendMessageBatchCommandOutput): ReadonlySet<string | undefined> =>
    new Set(Successful.map(({ Id }) => Id)),

  /** Partitions that were not made: https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html */
  BatchCreatePartition: ({ Errors = [] }: BatchCreatePartitionCommandOutput) =>
    Errors.map(({ PartitionValues, ErrorDetail: detail }) => itemFailure(PartitionValues, detail)),

  /** Partitions that were not changed: https://docs.aws.amazon.com/glue/latest/webapi/API_BatchUpdatePartition.html */
  BatchUpdatePartition: ({ Errors = [] }: BatchUpdatePartitionCommandOutput) =>
    Errors.map(({ PartitionValueList, ErrorDetail: detail }) => itemFailure(PartitionValueList, detail)),

  /**
   * The state of a query, and, if it failed, the engine's reason:
   * https://docs.aws.amazon.com/athena/latest/APIReference/API_QueryExecutionStatus.html
   */
  GetQueryExecution: ({ QueryExecution: { Status } = {} }: GetQueryExecutionCommandOutput) => {
    const { State, StateChangeReason, AthenaError } = Status ?? {};
    const state = STATES[State ?? ''];
    const isFailed = state === 'failed' || state === 'cancelled';
    return { state, failed: isFailed ? (StateChangeReason ?? AthenaError?.ErrorMessage ?? state) : null };
  },
};

/** Athena's states of a query. */
const STATES: Readonly<Record<string, Lowercase<QueryExecutionState> | undefined>> = {
  QUEUED: 'queued',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** Why one item of a batch failed. */
function itemFailure(values: string[] | undefined, detail: ErrorDetail | undefined): ItemFailure {
  return {
    values: values ?? [],
    code: detail?.ErrorCode ?? 'Unknown',
    message: detail?.ErrorMessage ?? '',
  };
}
