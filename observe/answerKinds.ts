import { SluiceError } from '../lib/base/errors.ts';
import { statusOf } from './explainAwsError.ts';

/** Why a part could not be read: what is to be done follows from it. `query`: Athena could not finish a query. */
export type UnreadKind =
  | 'credentials'
  | 'expired'
  | 'throttled'
  | 'quota'
  | 'denied'
  | 'missing'
  | 'timedOut'
  | 'query'
  | 'catalogKey'
  | 'other';

/** AWS's names and words for a denial: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const DENIED =
  /AccessDenied|(Access|Permission) Denied|Unauthorized|not authorized|Forbidden|explicit deny|Insufficient .*permission/i;

/**
 * How Glue says that the key of the Data Catalog cannot be used, whatever it is called with:
 * https://docs.aws.amazon.com/glue/latest/webapi/API_GetTable.html
 */
export const CATALOG_KEY = /GlueEncryption/;

/** The code of a query that Athena could not finish. */
const QUERY_FAILED = /SLUICE_OBSERVE_QUERY_FAILED/;

/** Names of errors for credentials that are missing, unknown or expired: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
export const CREDENTIALS_REFUSED =
  /\b((Credentials|Token)ProviderError|ProcessCredentialsError|(ExpiredToken|RequestExpired|IncompleteSignature|Invalid(AccessKeyId|ClientTokenId|Signature)|SignatureDoesNotMatch|UnrecognizedClient)(Exception)?)\b/;

/** Names of errors for temporary credentials whose time is over: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
export const CREDENTIALS_EXPIRED = /\b(ExpiredToken|RequestExpired)(Exception)?\b/;

/** AWS's names and words for calls that come too often. */
const THROTTLED =
  /(?<![-_.])Throttl(e|ed|ing)(Exception|Error)?(?![-\w])|TooManyRequests|Rate exceeded|LimitExceeded|SlowDown|reduce your request rate/i;

/**
 * The name of an error for a quota of what an account may have, which no waiting ends. Names of limits of calls, of bandwidth and of
 * executions at once are no such: https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html,
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html, https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const QUOTA =
  /(?<![-\w])(?:\w*QuotaExceeded|CodeStorageExceeded|TooManyBuckets|(?!\w*(?:Request|Rate|Bandwidth|Invocation|Throughput)s?LimitExceeded)\w*LimitExceeded)(?:Exception|Fault)?(?![-\w])/;

/**
 * AWS's names and words of each kind, also within the text of a failed query. The first kind that fits counts, as a resource may be
 * named like the word of another. Names differ by service: `TooManyRequestsException`, `ThrottlingException`, `SlowDown`:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
const KINDS: readonly (readonly [UnreadKind, RegExp])[] = [
  // What a disk or a file says is no answer of AWS.
  ['other', /SLUICE_OBSERVE_FILES_UNREAD/],
  ['catalogKey', CATALOG_KEY],
  ['expired', CREDENTIALS_EXPIRED],
  ['credentials', CREDENTIALS_REFUSED],
  ['denied', DENIED],
  ['quota', QUOTA],
  ['throttled', THROTTLED],
  ['missing', /NoSuch|NotFound|NonExistent|DoesNotExist|does not exist|not found/i],
  [
    'timedOut',
    /Timeout|Timed ?out|time limit|took longer than|exhausted resources|OUT_OF_MEMORY|EXCEEDED_\w+_LIMIT|Service ?Unavailable|(^|HTTP\S* |status\W*(code\W*)?|error\W*)503\b|InternalServ(er|ice)|InternalError|InternalFailure|INTERNAL_ERROR_QUERY_ENGINE/im,
  ],
  ['query', QUERY_FAILED],
];

/**
 * What a failed query says of no denial and of nothing that is missing: an object that was deleted while Athena read it, which the next
 * query reads without, and a column that a table does not have, of which Athena says in any case that it may be hidden:
 * https://github.com/opencost/opencost/issues/3076
 */
const NO_ANSWER_OF_QUERY =
  /NoSuchKey|key does not exist|or requester is not authorized to access requested resources/gi;

/** The kind of an error with which something could not be read. */
export function unreadKind(error: unknown): UnreadKind {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const text = cause instanceof SluiceError ? cause.detail : cause.message;
    // An answer without a body has no name.
    texts.push(cause.name, text, `status ${statusOf(cause)}`);
  }
  const all = texts.join('\n');
  const text = QUERY_FAILED.test(all) ? all.replaceAll(NO_ANSWER_OF_QUERY, '') : all;
  return KINDS.find(([, words]) => words.test(text))?.[0] ?? 'other';
}

/** AWS's names for a resource that a stack has: of a file that is gone a code of ours says more. */
const NO_RESOURCE =
  /EntityNotFound|ResourceNotFound|NoSuchBucket|NonExistentQueue|QueueDoesNotExist|NoSuchEntity|KMS\.?NotFound/;
/** AWS's names for its own failures. */
const FAILS_ITSELF = /ServiceUnavailable|InternalServ(er|ice)|InternalError|InternalFailure/;

/**
 * How AWS fails a call of a function. `missing`: what it asks for does not exist. `busy`: AWS throttles it. `quota`: the account has as
 * much as its quota allows. `awsFailed`: AWS fails itself.
 */
export type AnswerKind = 'denied' | 'missing' | 'busy' | 'quota' | 'awsFailed' | 'error';

/** The kind of an answer with which AWS fails a call of a function. @param answer Error name and message. */
export function failureKind(answer: string): AnswerKind {
  if (DENIED.test(answer)) return 'denied';
  if (quotaIn(answer) !== null) return 'quota';
  if (THROTTLED.test(answer)) return 'busy';
  if (FAILS_ITSELF.test(answer)) return 'awsFailed';
  return NO_RESOURCE.test(answer) ? 'missing' : 'error';
}

/** The name of the error for a quota of the account that a text has; null if it has none. */
export function quotaIn(text: string): string | null {
  return QUOTA.exec(text)?.[0] ?? null;
}

/**
 * AWS's own names for errors and actions of KMS. S3 answers `KMS.DisabledException`, Lambda `KMSDisabledException`, SQS `KmsDisabled`;
 * a denial has the action alone, `kms:Decrypt`: https://github.com/boto/boto3/issues/2952.
 */
const OF_KMS = /\bKMS|\bKms[A-Z]|\bkms:/;

/** Whether AWS's answer names KMS: if the key cannot be used, the call failed for that reason. @param answer Error name and message. */
export function isOfKey(answer: string): boolean {
  return OF_KMS.test(answer);
}
