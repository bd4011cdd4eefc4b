import { AwsError } from '../protocol/AwsError.ts';

/** The errors of one service. */
interface ServiceErrors {
  /** Error code of a fault that names no code: the service's throttling error, or the nearest to it. */
  readonly default: string;
  /** Code → HTTP status and message. */
  readonly errors: Readonly<Record<string, readonly [status: number, message: string]>>;
}

/** Status and message of a denied call. */
const ACCESS_DENIED = [400, 'You are not authorized to perform this operation.'] as const;
/** Status and message of a failure of the service itself. */
const INTERNAL_FAILURE = [500, 'An internal error has occurred.'] as const;
/** Status and message of a throttled call. */
const RATE_EXCEEDED = [400, 'Rate exceeded'] as const;

/**
 * Failures that pass, and refusals of permission, as each service words them. The names by service:
 *
 * - https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * - https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html; `Slow down.` is what real
 *   answers say: https://github.com/boto/boto3/issues/2804
 * - https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html
 * - https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 * - https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * - https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
 */
const serviceErrors = {
  s3: {
    default: 'SlowDown',
    errors: {
      SlowDown: [503, 'Please reduce your request rate.'],
      ServiceUnavailable: [503, 'Service is unable to handle request.'],
      InternalError: [500, 'We encountered an internal error. Please try again.'],
      RequestTimeout: [
        400,
        'Your socket connection to the server was not read from or written to within the timeout period.',
      ],
      OperationAborted: [
        409,
        'A conflicting conditional operation is currently in progress against this resource. Please try again.',
      ],
      AccessDenied: [403, 'Access Denied'],
      PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
      ConditionalRequestConflict: [
        409,
        'The conditional request cannot succeed due to a conflicting operation against this resource.',
      ],
    },
  },
  firehose: {
    default: 'ServiceUnavailableException',
    errors: {
      ServiceUnavailableException: [500, 'Slow down.'],
      ThrottlingException: RATE_EXCEEDED,
      InternalFailure: INTERNAL_FAILURE,
      AccessDeniedException: ACCESS_DENIED,
    },
  },
  glue: {
    default: 'ThrottlingException',
    errors: {
      ThrottlingException: RATE_EXCEEDED,
      InternalServiceException: [500, 'An internal service error occurred.'],
      InternalFailure: INTERNAL_FAILURE,
      OperationTimeoutException: [400, 'The operation timed out.'],
      ConcurrentModificationException: [400, 'Two processes are trying to modify a resource simultaneously.'],
      ResourceNumberLimitExceededException: [400, 'A resource numerical limit was exceeded.'],
      AlreadyExistsException: [400, 'A resource to be created or added already exists.'],
      EntityNotFoundException: [400, 'A specified entity does not exist'],
      GlueEncryptionException: [400, 'An encryption operation failed.'],
      AccessDeniedException: ACCESS_DENIED,
    },
  },
  sqs: {
    default: 'RequestThrottled',
    errors: {
      RequestThrottled: [400, 'The request was denied due to request throttling.'],
      OverLimit: [403, 'Too many messages in flight.'],
      InternalFailure: INTERNAL_FAILURE,
      ServiceUnavailable: [503, 'The request has failed due to a temporary failure of the server.'],
      AccessDeniedException: ACCESS_DENIED,
    },
  },
  secretsmanager: {
    default: 'ThrottlingException',
    errors: {
      ThrottlingException: RATE_EXCEEDED,
      InternalServiceError: [500, 'An error occurred on the server side.'],
      DecryptionFailure: [
        400,
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
      ],
      AccessDeniedException: ACCESS_DENIED,
    },
  },
  athena: {
    default: 'TooManyRequestsException',
    errors: {
      TooManyRequestsException: RATE_EXCEEDED,
      InternalServerException: [500, 'Amazon Athena has experienced an internal error. Please try again.'],
      ThrottlingException: RATE_EXCEEDED,
      AccessDeniedException: ACCESS_DENIED,
    },
  },
} as const satisfies Readonly<Record<string, ServiceErrors>>;

/** A service of AWS that faults can be set for. */
export type AwsServiceName = keyof typeof serviceErrors;

/** Whether a service has errors of its own here. */
export function isAwsService(name: string): name is AwsServiceName {
  return Object.hasOwn(serviceErrors, name);
}

/** Whether the status and the message of a service's code are known. */
export function isKnownError(service: AwsServiceName, code: string): boolean {
  return Object.hasOwn(serviceErrors[service].errors, code);
}

/**
 * The error that a fault answers: one of the service's own, or any other code, for which the fault has to state the status.
 *
 * @param fault.code Default: the service's throttling error.
 */
export function serviceError(
  service: AwsServiceName,
  fault: { readonly code?: string | undefined; readonly status?: number | undefined },
): AwsError {
  const known: ServiceErrors = serviceErrors[service];
  const code = fault.code ?? known.default;
  const named = isKnownError(service, code) ? known.errors[code] : undefined;
  const [status, message] = named ?? [400, `${code} as asked for.`];
  return new AwsError(code, fault.status ?? status, message);
}
