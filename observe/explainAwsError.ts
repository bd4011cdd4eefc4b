import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineErrorFamily, SluiceError } from '../lib/base/errors.ts';

/** Errors of access to AWS that any command can have. */
export const AwsAccessError = defineErrorFamily('user', {
  SLUICE_AWS_NO_REGION: {
    cause: 'A client of AWS has no region that it can use.',
    cure: 'Name one of AWS: --region, or `region` in the configuration.',
  },
  SLUICE_AWS_NO_CREDENTIALS: {
    cause: 'There are no AWS credentials.',
    cure: 'Sign in (`aws sso login`), or set AWS_PROFILE to a profile that exists. For the local cloud: --local in place of --stage.',
  },
  SLUICE_AWS_UNREACHABLE: {
    cause: 'AWS cannot be reached.',
    cure: 'For the local cloud, start it (`npx sluice start`), or name its --endpoint-url http://127.0.0.1:PORT. For a deployment, name its --stage, and check the network, the region, and AWS_ENDPOINT_URL if it is set. Behind a proxy: docs/deploy.md, "Behind a proxy".',
  },
  SLUICE_AWS_NO_STACK: {
    cause: 'The deployment does not exist.',
    cure: 'Deploy it (`npx serverless deploy --stage …`), or choose another with --stage and --region. For the local cloud, run `npm start` and use --local.',
  },
  SLUICE_AWS_FAILED: {
    cause: 'A call of AWS failed.',
    cure: 'Read the detail. If it denies access: is the stage deployed with this feature, and may your credentials use what the command is about? If AWS was only busy, run the command again.',
  },
});

/** Node's codes for names that do not resolve, failed and broken connections, untrusted certificates, and proxies that refuse. */
const NETWORK =
  /^(E(CONN(REFUSED|RESET|ABORTED)|NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|(HOST|NET)(UNREACH|DOWN)|ADDRNOTAVAIL)|ERR_(TLS|SSL|PROXY)_.*|CERT_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*|EPROTO)$/;

/**
 * The meaning of an error of an AWS client. `answered`: AWS returned an error, which the command explains best. `unasked`: AWS
 * was not reached. Undefined: the error is a defect, or about this machine, for example a full disk.
 */
type AwsProblem =
  | { readonly kind: 'answered'; readonly name: string; readonly detail: string }
  | { readonly kind: 'unasked'; readonly error: SluiceError };

/** Classifies what an AWS client threw, or the stream of a response body, also as the cause of another error. */
export function explainAwsError(error: unknown): AwsProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const detail = `${error.name}: ${error.message}`;
  const unasked = (ownCode: keyof typeof AwsAccessError.entries, more = ''): AwsProblem => ({
    kind: 'unasked',
    error: new AwsAccessError(ownCode, `${detail}${more}`, { cause: error }),
  });
  const unreached = () => unasked('SLUICE_AWS_UNREACHABLE', `. Variables for a proxy: ${proxyVariables()}.`);
  // The client throws a plain Error here.
  if (/^Region (is missing|not accepted)/.test(error.message))
    return unasked('SLUICE_AWS_NO_REGION', missingProfile());
  if (/^(CredentialsProvider|TokenProvider|ProcessCredentials)Error$/.test(error.name))
    return isOfNetwork(error.message) ? unreached() : unasked('SLUICE_AWS_NO_CREDENTIALS', missingProfile());
  if (isAnswered(error)) return { kind: 'answered', name: error.name, detail };
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK.test(code) || error.name === 'TimeoutError') return unreached();
  return explainAwsError(error.cause);
}

/** Whether a provider of credentials failed for the network: of such an error it keeps the text alone. */
function isOfNetwork(message: string): boolean {
  return (
    /certificate|tunnel|Timeout/.test(message) || message.split(/\W+/).some((word) => NETWORK.test(word))
  );
}

/**
 * A sentence about AWS_PROFILE, or the `source_profile` of a profile, if neither of AWS's files has that profile, which the error of a
 * client does not name. https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
function missingProfile(): string {
  const { AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  const inHome = (name: string) => join(homedir(), '.aws', name);
  const config = AWS_CONFIG_FILE || inHome('config');
  const credentials = AWS_SHARED_CREDENTIALS_FILE || inHome('credentials');
  const configured = sectionsOf(config);
  const ofProfile = (ofName: string) =>
    configured.get(`profile ${ofName}`) ?? (ofName === 'default' ? configured.get(ofName) : undefined);
  const credentialed = sectionsOf(credentials);
  const seen = new Set<string>();
  let profile = AWS_PROFILE || 'default';
  let named = `AWS_PROFILE is ${JSON.stringify(profile)}`;
  for (;;) {
    seen.add(profile);
    const section = ofProfile(profile) ?? credentialed.get(profile);
    if (section === undefined) break;
    const source = /^\s*source_profile\s*=\s*(.*?)\s*$/m.exec(section)?.[1];
    if (source === undefined || seen.has(source)) return '';
    named = `The source_profile of ${JSON.stringify(profile)} is ${JSON.stringify(source)}`;
    profile = source;
  }
  if (!AWS_PROFILE && seen.size === 1) return '';
  const missing = `. ${named}, but neither ${config} nor ${credentials} has a profile of that name`;
  return configured.has(profile)
    ? `${missing}. In the former, [${profile}] is no profile: write [profile ${profile}].`
    : `${missing}.`;
}

/** The lines below each header of a file of AWS's tools. Headers are without quotes and with one space. None if there is no file. */
function sectionsOf(file: string): ReadonlyMap<string, string> {
  const sections = new Map<string, string>();
  if (!existsSync(file)) return sections;
  let name: string | undefined;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const header = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) name = header.replace(/^profile\s+/, 'profile ').replace(/(["'])(.*)\1$/, '$2');
    if (name !== undefined) sections.set(name, `${sections.get(name) ?? ''}${line}\n`);
  }
  return sections;
}

/** The names of those that are set, whose values may have passwords. */
function proxyVariables(): string {
  const names = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'AWS_CA_BUNDLE'];
  return names.filter((name) => process.env[name]).join(', ') || 'none';
}

/** Errors of the connection have `$metadata`, too, but only those of a response have a status. */
function isAnswered(error: Error): boolean {
  return statusOf(error) !== undefined;
}

/** The status of a response; undefined without one. */
function statusOf(error: Error): unknown {
  if (!('$metadata' in error)) return undefined;
  const { $metadata } = error;
  const hasStatus = typeof $metadata === 'object' && $metadata !== null && 'httpStatusCode' in $metadata;
  return hasStatus ? $metadata.httpStatusCode : undefined;
}

/**
 * Why a part of a deployment could not be read, in words: a denial, another answer of AWS, or damage of what functions stored.
 *
 * @throws The error if AWS was not reached, or if it is a defect.
 */
export function whyUnread(error: unknown): string {
  if (error instanceof AwsAccessError) throw error;
  const problem = explainAwsError(error);
  if (problem?.kind === 'unasked') throw problem.error;
  if (problem !== undefined) return problem.detail;
  if (error instanceof SluiceError) return error.message;
  throw error;
}

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

/** The kind of an error with which something could not be read. */
export function unreadKind(error: unknown): UnreadKind {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const text = cause instanceof SluiceError ? cause.detail : cause.message;
    // An answer without a body has no name.
    texts.push(cause.name, text, `status ${statusOf(cause)}`);
  }
  const all = texts.join('\n');
  // An object that was deleted while Athena read it: the next query reads without it.
  const text = QUERY_FAILED.test(all) ? all.replaceAll(/NoSuchKey|key does not exist/gi, '') : all;
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

/** What AWS says of a call that a policy denied to a role. */
export interface SaidDenial {
  /** Of the role's ARN: `aws`. */
  readonly partition: string;
  /** Of the role: twelve digits. */
  readonly account: string;
  /** Name of the role, without path and session. */
  readonly role: string;
  /** `s3:PutObject` */
  readonly action: string;
  /** ARN of what was asked for; `*` if it is not named. */
  readonly resource: string;
  /** Whether a statement denies the call; else no statement allows it. */
  readonly isExplicit: boolean;
  /** `identity-based policy`, `resource-based policy`, `service control policy`, `permissions boundary`, … */
  readonly policy: string;
}

/**
 * AWS's words for a denial, of S3 and of KMS, also within JSON: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
const DENIAL =
  /arn:(?<partition>[\w-]+):sts::(?<account>\d+):assumed-role\/(?<role>[^/\s]+)\/\S+ is not authorized to perform: (?<action>\w+:\w+)(?: on (?:the )?resource(?:: \\?"?(?<resource>[^"\\\s]+))?)?.*?(?<how>explicit deny in an?|because no) (?<policy>[\w -]*?(?:policy|boundary))/;

/** What a text says of a denied call, by AWS's own words; null if it has none that name the role and the policy. */
export function denialIn(text: string): SaidDenial | null {
  const said = DENIAL.exec(text)?.groups;
  if (said === undefined) return null;
  const { partition = '', account = '', role = '', action = '', resource = '*', how, policy = '' } = said;
  return { partition, account, role, action, resource, isExplicit: how !== 'because no', policy };
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

/** Names of errors for what does not exist: `NoSuchBucketPolicy`, `EntityNotFoundException`, `QueueDoesNotExist`. */
const MISSING = /NoSuch|NotFound|NonExistent|DoesNotExist/;

/** Whether AWS says that what a call asks for does not exist. */
export function isMissing(error: unknown): boolean {
  return isNamed(error, MISSING);
}

/**
 * What a call answers; undefined if what it asks for does not exist.
 *
 * @param missing Names of errors that say so. Athena has none for a workgroup, CloudFormation none for a stack.
 */
export async function ifThere<Answer>(
  call: Promise<Answer>,
  missing: RegExp = MISSING,
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNamed(error, missing)) return undefined;
    throw error;
  }
}

/** Whether an error has such a name. Adapters wrap what a client throws. */
export function isNamed(error: unknown, names: RegExp): boolean {
  return error instanceof Error && (names.test(error.name) || isNamed(error.cause, names));
}
