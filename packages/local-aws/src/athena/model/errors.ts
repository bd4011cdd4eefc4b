import { AwsError } from '../../protocol/AwsError.ts';

/** Errors of Athena under AWS's names: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html#API_StartQueryExecution_Errors */

/**
 * Input that Athena does not accept.
 *
 * @param code The `AthenaErrorCode`, which some clients display: `INVALID_INPUT`, or `MALFORMED_QUERY` for a
 *   statement that cannot be parsed.
 */
export const invalidRequest = (message: string, code = 'INVALID_INPUT'): AwsError =>
  new AwsError('InvalidRequestException', 400, message, { AthenaErrorCode: code });

/** There is no query with that ID, or it has expired. */
export const executionNotFound = (id: string): AwsError =>
  invalidRequest(`QueryExecution ${id} was not found`);

/** A workgroup that does not exist. */
export const workGroupNotFound = (): AwsError => invalidRequest('WorkGroup is not found.');

/** A result is requested from a query that has not finished or did not succeed. */
export const notSucceeded = (state: string): AwsError =>
  invalidRequest(
    state === 'QUEUED' || state === 'RUNNING'
      ? `Query has not yet finished. Current state: ${state}`
      : `Query did not finish successfully. Final query state: ${state}`,
  );

/** The result's object is missing from S3, or is no longer a result. */
export const resultsNotFound = (): AwsError => invalidRequest('Could not find results');

/** The caller may not read the result's object. https://github.com/awslabs/amazon-s3-find-and-forget/issues/290 */
export const resultsNotReadable = (): AwsError =>
  invalidRequest(
    'You do not seem to have access to the S3 location of your query results. Please confirm your account has access to the S3 location where your query results are saved and try again. If specifying an expected bucket owner, confirm the bucket is owned by the expected account. If you are using KMS to encrypt query results, please ensure you have permission to access your KMS key. If you continue to see this issue, please contact customer support.',
  );

/** The error of a query without an output location, by its workgroup or by the call. */
export const noOutputLocation = (): AwsError =>
  invalidRequest(
    'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
  );

/** An output location that is not of the form `s3://bucket/…`. */
export const invalidLocation = (): AwsError => invalidRequest('outputLocation is not a valid S3 path.');

/**
 * The bucket does not exist, or does not belong to the account that the caller expects, or the caller may not ask in
 * which region it is. https://repost.aws/knowledge-center/athena-output-bucket-error
 */
export const noOutputBucket = (bucket: string): AwsError =>
  invalidRequest(`Unable to verify/create output bucket ${bucket}`);

/** The queue of queries is full. */
export const tooManyQueries = (): AwsError =>
  new AwsError(
    'TooManyRequestsException',
    400,
    'You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account. Contact customer support to request a concurrent query limit increase.',
    { Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED' },
  );

/** There is no resource with that name or ARN. */
export const resourceNotFound = (message: string, name: string): AwsError =>
  new AwsError('ResourceNotFoundException', 400, message, { ResourceName: name });

/** An error of the catalog in Athena's wording, which clients parse to detect a missing table. */
export const metadataError = (cause: AwsError, requestId: string): AwsError =>
  new AwsError('MetadataException', 400, catalogMessage(cause, requestId));

/**
 * The catalog's message as Athena passes it on, also as the reason of a failed query:
 * https://github.com/LBHackney-IT/Data-Platform/pull/1823
 */
export function catalogMessage({ message, status, code }: AwsError, requestId: string): string {
  return `${message} (Service: AmazonDataCatalog; Status Code: ${status}; Error Code: ${code}; Request ID: ${requestId}; Proxy: null)`;
}
