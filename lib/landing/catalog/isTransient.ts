/**
 * Codes of Glue that pass by themselves, as an item's error or a call's: the service's own faults, contention
 * and throttling. Anything else stays as it is however often it is tried.
 * https://docs.aws.amazon.com/glue/latest/webapi/CommonErrors.html
 */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ConcurrentModificationException',
  'FederationSourceRetryableException',
  'InternalFailure',
  'InternalServiceException',
  'OperationTimeoutException',
  'RequestLimitExceeded',
  'ResourceNotReadyException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Whether an error of this code may pass by itself. */
export function isTransient(code: string): boolean {
  return TRANSIENT_CODES.has(code);
}
