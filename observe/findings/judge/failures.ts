import { partName } from '../../../infra/template/Stack.ts';
import { counted, someOf } from '../../../lib/base/text.ts';
import { ACCOUNT_CONCURRENCY } from '../../../lib/schema/requestLimits.ts';
import { CATALOG_KEY, failureKind } from '../../answerKinds.ts';
import { explainCode } from '../../explainCode.ts';
import type { LastFailure } from '../../facts/flow/failures/lastFailure.ts';
import type { FunctionErrors } from '../../facts/functions/functionErrors.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { denialIn } from '../../saidDenial.ts';
import type { FindingCase } from '../catalogue/entry.ts';
import { CALL_CURES, catalogKey, type FailureCase, QUOTA_USED } from '../catalogue/wording.ts';
import type { Place } from './place.ts';

/** What a function failed with last, and what Lambda counted of it, as sentences; empty if nothing is known. */
export function failedAt({ failures, functionErrors }: StatusFacts, part: string): string {
  const why = failures[part];
  const errors = functionErrors?.find((functionError) => functionError.part === part);
  return [
    why === undefined ? '' : ` The function ${part} failed last at ${why.text}`,
    errors === undefined ? '' : ` ${errorsText(errors)}`,
  ].join('');
}

/** A queue of a function that is other than its template. */
interface ChangedQueue {
  /** Its name. */
  readonly name: string;
  /** How it differs. */
  readonly differs: readonly string[];
  /** Of `differs` the one that names another key; null if it has the template's. */
  readonly keyPoint: string | null;
}

/** How the queue of a function differs from its template, with its name; undefined if it does not, as far as anybody knows. */
export function queueFault(
  { stackFaults }: Pick<StatusFacts, 'stackFaults'>,
  part: string,
  { stack }: Pick<Place, 'stack'>,
): ChangedQueue | undefined {
  const name = partName(stack, part);
  const fault = stackFaults?.find(
    ({ what, name: faulty, isOtherRelease }) => what === 'queue' && faulty === name && !isOtherRelease,
  );
  return fault && { name, differs: fault.differs ?? [], keyPoint: fault.keyPoint ?? null };
}

/** Whether the log of a function, or of the stream (`landing`), could be read: without a failure in it, no run has logged an error. */
export function isLogRead({ unknown }: Pick<StatusFacts, 'unknown'>, part: string): boolean {
  return unknown.every(({ log }) => log !== part);
}

/** Codes of ours that say only that AWS failed a call of ours: its answer says what is to be done. */
const OF_CALLS = /^SLUICE_(?:LOAD|CURATE|EXPORT|INGEST)_(?:BUCKET_FAILED|CATALOG_FAILED|SESSION_REFUSED)$/;

/**
 * What a code of ours says of itself; undefined of another code. Of a day whose rows were refused, the reasons of the rows say it.
 *
 * @param message Its cause with details, where that is known.
 */
export function reasonOf(
  code: string | null | undefined,
  message: string | null = null,
): FindingCase | undefined {
  const known = explainCode(code ?? '');
  if (known === undefined) return undefined;
  const answered = OF_CALLS.test(known.code) ? failureKind(message ?? '') : 'error';
  if (answered !== 'error')
    return {
      cause: `${message} ${answered === 'quota' ? QUOTA_USED : ''}`.trim(),
      cure: CALL_CURES[answered],
      ...(answered === 'quota' ? { isByQuota: true } : {}),
    };
  const ofRows = refusalsIn(message).flatMap(({ reason }) => explainCode(reason) ?? []);
  const causes = [message ?? known.cause, ...ofRows.map((reason) => reason.cause)];
  const cures = ofRows.length === 0 ? [known.cure] : ofRows.map((reason) => reason.cure);
  return { cause: causes.join(' '), cure: [...new Set(cures)].join(' ') };
}

/**
 * What the code of a day that failed says of itself.
 *
 * @param message Its cause with details, where that is known.
 */
export function dayReason(code: string | null | undefined, message: string | null): FindingCase {
  return reasonOf(code, message) ?? OF_LATER;
}

/** What is said of a code that this version does not know. */
const OF_LATER: FindingCase = {
  cause: 'A later version of Sluice has written the code.',
  cure: 'Install the version of the stack: `explain` then says what the code means.',
};

/** Why rows were refused, and where most rows have it, as the message of the load names both: `column "price"`, or an empty text. */
export function refusalsIn(
  message: string | null,
): readonly { readonly reason: string; readonly place: string }[] {
  const found = (message ?? '').matchAll(/\b(SLUICE_INGEST_ROW_\w+)(?: \d+ \((.*?)\)(?=[,.]))?/g);
  return [...found].map(([, reason = '', place = '']) => ({ reason, place }));
}

/**
 * Whether the policy that denied a function a call denies it no more, by the policies that are there now. A denial whose policy AWS does not
 * name is not judged.
 */
function isAllowedAgain(
  { deniedCalls, failures }: Partial<Pick<StatusFacts, 'deniedCalls' | 'failures'>>,
  part: string,
  { kind, text }: LastFailure,
): boolean {
  // Nobody has looked at the policies of a function whose own last run was not denied a call.
  if (failures?.[part]?.kind !== 'denied') return false;
  const isStill = deniedCalls?.some((calls) => calls.part === part);
  return kind === 'denied' && isStill === false && denialIn(text) !== null;
}

/** How services of AWS say that a key is off: `KMS.DisabledException`, `KMSInvalidStateException`, `… is pending deletion`. */
const KEY_OFF = /Disabled|InvalidState|pending deletion/i;

/** The buckets that a text names: by their addresses, or by their ARNs. */
const BUCKETS = /(?:\bs3:\/\/|\barn:[\w-]+:s3:::)([a-z0-9][a-z0-9.-]+[a-z0-9])/g;

/** The buckets that a text names; none if one of them is of the configuration. */
export function otherBuckets(text: string, config: Place['config']): readonly string[] {
  const named = [...text.matchAll(BUCKETS)].map(([, bucket = '']) => bucket);
  const configured = JSON.stringify(config);
  const isConfigured = (bucket: string) =>
    configured.includes(`"${bucket}"`) || configured.includes(`s3://${bucket}/`);
  return named.some(isConfigured) ? [] : named;
}

/** The case of what a function failed with last, and what its code says; without a failure, whether its log could be read. */
export function failureTold(
  facts: Pick<StatusFacts, 'unknown'> &
    Partial<Pick<StatusFacts, 'deniedCalls' | 'failures' | 'functionErrors' | 'key'>>,
  part: string,
  why: LastFailure | undefined,
  config: Place['config'],
): { readonly case: FailureCase | 'unknown'; readonly reason?: FindingCase } {
  if (why === undefined) return { case: isLogRead(facts, part) ? 'unknown' : 'unread' };
  if (otherBuckets(why.text, config).length > 0) return { case: 'otherBucket' };
  if (isAllowedAgain(facts, part, why)) return { case: 'allowed' };
  if (why.isByKey && KEY_OFF.test(why.text) && facts.key?.KeyState === 'Enabled') return { case: 'keyOn' };
  if (why.kind === 'timedOut') return { case: 'timedOut', reason: timedOut(facts.functionErrors, part, why) };
  if (CATALOG_KEY.test(why.text)) {
    const [cause, cure] = catalogKey('the role of the function');
    return { case: 'reason', reason: { cause, cure } };
  }
  const reason = why.kind === 'error' ? reasonOf(why.code) : undefined;
  return reason === undefined ? { case: why.kind } : { case: 'reason', reason };
}

/** What to do where a service of AWS answers slowly. */
const OF_AWS = 'look at https://health.aws.amazon.com/health/status';
/** What to do where a customer's bucket answers slowly. */
const OF_CUSTOMER = 'ask its owner whether S3 throttles it or answers from far away';

/** What a function waits for, and whom to ask if that answers slowly. */
const WAITED_FOR: Readonly<Record<string, readonly [what: string, ask: string]>> = {
  collect: ['Firehose and S3', OF_AWS],
  register: ['the Glue Data Catalog', OF_AWS],
  'ingest-plan': ["the customers' buckets", OF_CUSTOMER],
  'ingest-load': ["the customer's bucket", OF_CUSTOMER],
  export: ["the customer's bucket", OF_CUSTOMER],
  reconcile: ['Athena and CloudWatch', OF_AWS],
  relay: ['the target of relay', 'ask its owner'],
};

/** What ends work that takes too long. */
const MORE_MEMORY = 'the function more memory in serverless.yml, and so more processor, and deploy.';

/** The share of its time that a run took before by which a function has come close to it. */
const NEAR = 0.5;

/** Why a function used up its time: runs were nearly as long before, or what it waits for, or its work, is another at once. */
function timedOut(
  errors: StatusFacts['functionErrors'] | undefined,
  part: string,
  { text }: LastFailure,
): FindingCase {
  const longest = errors?.find((functionError) => functionError.part === part)?.longestBefore ?? null;
  const seconds = Number(/timed out after (\d+) s/.exec(text)?.[1] ?? Number.NaN);
  const took = longest === null ? '' : `: its longest run before took ${Math.ceil(longest)} s`;
  if (longest !== null && longest >= NEAR * seconds)
    return { cause: `The work of the function has grown${took}.`, cure: `Give ${MORE_MEMORY}` };
  const [what, ask] = WAITED_FOR[part] ?? ['S3', OF_AWS];
  return {
    cause: `The function waited for ${what}, or got far more to do at once${took}.`,
    cure: `The last lines of its log before the end of the run say at what it was. If it waited for ${what}, ${ask}. If it worked, give ${MORE_MEMORY}`,
  };
}

/** Cases of which a change of the stack may be the cause. */
const CHANGED: readonly string[] = [
  'denied',
  'missing',
  'otherBucket',
  'timedOut',
  'processEnded',
  'unloaded',
];

/** The commands that tell of what a function failed with: what was changed, which policy denies, what is gone, or what throttles it; none of other cases. */
export function explained(
  told: { readonly case: string },
  part: string,
  { commands, config, stack }: Pick<Place, 'commands' | 'config' | 'stack'>,
): readonly string[] {
  if (told.case === 'throttled') return unthrottled(part, { commands, config, stack });
  return CHANGED.includes(told.case) ? [commands.sluice('doctor', '--drift')] : [];
}

/**
 * Shows how many runs of a function may be at once, lifts its own limit, shows the executions of the account, and asks AWS for its default of them: the quota
 * "Concurrent executions" of https://docs.aws.amazon.com/general/latest/gr/lambda-service.html. What the account has is not known here: a new one has few.
 */
function unthrottled(
  part: string,
  { commands: { aws }, config, stack }: Pick<Place, 'commands' | 'config' | 'stack'>,
): readonly string[] {
  const name = ['--function-name', partName(stack, part)];
  const reserved = part === 'collect' ? config.collector.reservedConcurrency : null;
  const lift =
    reserved === null
      ? ['delete-function-concurrency', ...name]
      : ['put-function-concurrency', ...name, '--reserved-concurrent-executions', `${2 * reserved}`];
  const quota = ['--service-code', 'lambda', '--quota-code', 'L-B99A9384'];
  const wanted = ['--desired-value', `${ACCOUNT_CONCURRENCY}`];
  return [
    aws('lambda', 'get-function-concurrency', ...name),
    aws('lambda', ...lift),
    aws('lambda', 'get-account-settings', '--query', 'AccountLimit.ConcurrentExecutions'),
    aws('service-quotas', 'request-service-quota-increase', ...quota, ...wanted),
  ];
}

/** `5 of 60 invocations of curate-plan had errors within 24 hours, since 2026-…, the last at 2026-….` */
export function errorsText({ part, errors, throttled, invocations, first, last }: FunctionErrors): string {
  const times = first === last ? `at ${last}` : `since ${first}, the last at ${last}`;
  if (errors === 0)
    return `Lambda throttled ${counted(throttled, 'run')} of ${part} within 24 hours, ${times}.`;
  return `${someOf(errors, invocations, 'invocation')} of ${part} had errors within 24 hours, ${times}.`;
}
