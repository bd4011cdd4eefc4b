import { AwsError } from '../../protocol/AwsError.ts';

/** Errors of Athena under AWS's names: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html#API_StartQueryExecution_Errors */

/**
 * Input that Athena can't take.
 *
 * @param code `AthenaErrorCode`, which some clients show: `INVALID_INPUT`, or `MALFORMED_QUERY` for a statement that can't be read.
 */
export const invalidRequest = (message: string, code = 'INVALID_INPUT') =>
  new AwsError('InvalidRequestException', 400, message, { AthenaErrorCode: code });

/** No query has that ID, or has it any more. */
export const executionNotFound = (id: string) => invalidRequest(`QueryExecution ${id} was not found`);

/** A workgroup that is not there. */
export const workGroupNotFound = () => invalidRequest('WorkGroup is not found.');

/** A result that is asked for before there is one, or that there will never be. */
export const notSucceeded = (state: string) =>
  invalidRequest(
    state === 'QUEUED' || state === 'RUNNING'
      ? `Query has not yet finished. Current state: ${state}`
      : `Query did not finish successfully. Final query state: ${state}`,
  );

/** The object that holds a result is gone from S3, or is no result any more. */
export const resultsNotFound = () => invalidRequest('Could not find results');

/** Neither the workgroup nor the call says where results go. */
export const noOutputLocation = () =>
  invalidRequest(
    'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
  );

/** An output location that is no `s3://bucket/…`. */
export const invalidLocation = () => invalidRequest('outputLocation is not a valid S3 path.');

/** The bucket isn't there, or isn't of the account that the caller expects. */
export const noOutputBucket = (bucket: string) =>
  invalidRequest(`Unable to verify/create output bucket ${bucket}`);

/** More waits than may wait. */
export const tooManyQueries = () =>
  new AwsError(
    'TooManyRequestsException',
    400,
    'You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase.',
    { Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED' },
  );

/** What isn't there by its name or ARN. */
export const resourceNotFound = (message: string, name: string) =>
  new AwsError('ResourceNotFoundException', 400, message, { ResourceName: name });

/** What the catalog answered to Athena, in the words by which clients tell a missing table from trouble. */
export const metadataError = (cause: AwsError, requestId: string) =>
  new AwsError(
    'MetadataException',
    400,
    `${cause.message} (Service: AmazonDataCatalog; Status Code: ${cause.status}; Error Code: ${cause.code}; Request ID: ${requestId}; Proxy: null)`,
  );
