import { partName } from '../../../infra/template/Stack.ts';
import { roleNamePattern } from '../../../lib/access/arns.ts';
import { counted } from '../../../lib/base/text.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { ACCOUNT_CONCURRENCY } from '../../../lib/schema/requestLimits.ts';
import type { Deployment } from '../../deployment.ts';
import type { DeploymentCommands } from '../../deploymentCommands.ts';
import { CATALOG_KEY, denialIn } from '../../explainAwsError.ts';
import { explainCode } from '../../explainCode.ts';
import type { RestorableDay } from '../../facts/days/goneFiles.ts';
import type { AlarmState } from '../../facts/flow/alarms.ts';
import type { LastFailure } from '../../facts/flow/failures.ts';
import type { SentGroup } from '../../facts/flow/loggedRequests.ts';
import type { FunctionErrors } from '../../facts/functionErrors.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { FindingCase } from '../catalogue/entry.ts';
import { catalogKey, type FailureCase } from '../catalogue/wording.ts';
import { alarmsOf, type Finding, finding } from '../catalogue.ts';

/** The deployment whose facts are judged. */
export type Judged = Pick<Deployment, 'config' | 'stack' | 'localControl' | 'now'>;
/** What judges know besides facts. */
export type Place = Judged & {
  readonly commands: DeploymentCommands;
  readonly ringing: Ringing;
  /** Whether S3 has no version to bring back of what a finding has of a day ({@link RestorableDay}): of none, if all is back. False: it has, or nobody knows. */
  readonly isUnrestorable: (table: RestorableDay['table'], day: UtcDay) => boolean;
};
/** What a judge finds, in order. */
export type Findings = Generator<Finding>;

/** What a function failed with last, and what Lambda counted of it, as sentences; empty if nothing is known. */
export function failedAt({ failures, functionErrors }: StatusFacts, part: string): string {
  const why = failures[part];
  const errors = functionErrors?.find((functionError) => functionError.part === part);
  return [
    why === undefined ? '' : ` The function ${part} failed last at ${why.text}`,
    errors === undefined ? '' : ` ${errorsText(errors)}`,
  ].join('');
}

/** Whether the log of a function, or of the stream (`landing`), could be read: without a failure in it, no run has logged an error. */
export function isLogRead({ unknown }: Pick<StatusFacts, 'unknown'>, part: string): boolean {
  return unknown.every(({ log }) => log !== part);
}

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
  const ofRows = rowReasonsIn(message).flatMap((reason) => explainCode(reason) ?? []);
  const causes = [message ?? known.cause, ...ofRows.map((reason) => reason.cause)];
  const cures = ofRows.length === 0 ? [known.cure] : ofRows.map((reason) => reason.cure);
  return { cause: causes.join(' '), cure: [...new Set(cures)].join(' ') };
}

/** Why rows were refused, as the message of the load names it. */
export function rowReasonsIn(message: string | null): readonly string[] {
  return (message ?? '').match(/\bSLUICE_INGEST_ROW_\w+/g) ?? [];
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

/** The case of what a function failed with last, and what its code says; without a failure, whether its log could be read. */
export function failureTold(
  facts: Pick<StatusFacts, 'unknown'> &
    Partial<Pick<StatusFacts, 'deniedCalls' | 'failures' | 'functionErrors' | 'key'>>,
  part: string,
  why: LastFailure | undefined,
): { readonly case: FailureCase | 'unknown'; readonly reason?: FindingCase } {
  if (why === undefined) return { case: isLogRead(facts, part) ? 'unknown' : 'unread' };
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

const OF_AWS = 'look at https://health.aws.amazon.com/health/status';
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

/** The share of its time that a run took before by which a function has come close to it. */
const NEAR = 0.5;

/** Why a function used up its time: runs were nearly as long before, or what it waits for, or its work, is another at once. */
function timedOut(
  errors: StatusFacts['functionErrors'] | undefined,
  part: string,
  { text }: LastFailure,
): FindingCase {
  const more = 'ive the function more memory in serverless.yml, and so more processor, and deploy.';
  const longest = errors?.find((functionError) => functionError.part === part)?.longestBefore ?? null;
  const seconds = Number(/timed out after (\d+) s/.exec(text)?.[1] ?? Number.NaN);
  const took = longest === null ? '' : `: its longest run before took ${Math.ceil(longest)} s`;
  if (longest !== null && longest >= NEAR * seconds)
    return { cause: `The work of the function has grown${took}.`, cure: `G${more}` };
  const [what, ask] = WAITED_FOR[part] ?? ['S3', OF_AWS];
  return {
    cause: `The function waited for ${what}, or got far more to do at once${took}.`,
    cure: `The last lines of its log before the end of the run say at what it was. If it waited for ${what}, ${ask}. If it worked, g${more}`,
  };
}

/** The commands that tell of what a function failed with: which policy denies, what is gone, or what throttles it; none of other cases. */
export function explained(
  told: { readonly case: string },
  part: string,
  { commands, config, stack }: Pick<Place, 'commands' | 'config' | 'stack'>,
): readonly string[] {
  if (told.case === 'throttled') return unthrottled(part, { commands, config, stack });
  const isChanged = told.case === 'denied' || told.case === 'missing';
  return isChanged ? [commands.sluice('doctor', '--drift')] : [];
}

/**
 * Shows how many runs of a function may be at once, lifts its own limit, and asks AWS for twice the executions of the account: the quota
 * "Concurrent executions" of https://docs.aws.amazon.com/general/latest/gr/lambda-service.html.
 */
function unthrottled(
  part: string,
  { commands: { aws }, config, stack }: Pick<Place, 'commands' | 'config' | 'stack'>,
): readonly string[] {
  const name = ['--function-name', partName(stack, part)];
  const { reservedConcurrency, accountConcurrency } = config.collector;
  const reserved = part === 'collect' ? reservedConcurrency : null;
  const lift =
    reserved === null
      ? ['delete-function-concurrency', ...name]
      : ['put-function-concurrency', ...name, '--reserved-concurrent-executions', `${2 * reserved}`];
  const quota = ['--service-code', 'lambda', '--quota-code', 'L-B99A9384'];
  const executions = 2 * (accountConcurrency ?? ACCOUNT_CONCURRENCY);
  return [
    aws('lambda', 'get-function-concurrency', ...name),
    aws('lambda', ...lift),
    aws('service-quotas', 'request-service-quota-increase', ...quota, '--desired-value', `${executions}`),
  ];
}

/** The key of a customer's bucket, as the configuration has it. */
export interface CustomersKey {
  /** Where it is set: `kmsKeyArn` of the source. */
  readonly field: string;
  /** Its ARN; undefined if it is not set. */
  readonly arn: string | undefined;
}

/**
 * Why a call of a customer's bucket failed, in AWS's own words where they say it. A key that the configuration does not name is the first
 * reason: until then neither have our roles a right on it, nor does `policy print` print its policy.
 *
 * @returns Undefined of a code that this version does not know.
 */
export function customersReason(
  code: string | null | undefined,
  message: string | null,
  { stack, key }: { readonly stack: Place['stack']; readonly key: CustomersKey },
): FindingCase | undefined {
  if (code?.endsWith('_KEY_DENIED') !== true || key.arn !== undefined)
    return denialReason(code, message, stack) ?? reasonOf(code, message);
  const said = denialIn(message ?? '')?.resource ?? '';
  const arn = said.startsWith('arn:') ? said : "the ARN of the bucket's key (its owner knows it)";
  return {
    cause: `${message ?? explainCode(code)?.cause ?? ''} The configuration does not name this key, so that no role of the stack has a right on it.`,
    cure: `Set ${key.field} to ${arn} and deploy. From then on \`sluice policy print\` has what the key needs: have its owner add that.`,
  };
}

/** What AWS's own words say of a call of a customer's bucket or key that was denied: which policy, of whom. Undefined of other failures. */
function denialReason(
  code: string | null | undefined,
  message: string | null,
  stack: Place['stack'],
): FindingCase | undefined {
  const said = denialIn(message ?? '');
  if (said === null || !/_(ACCESS|KEY)_DENIED$/.test(code ?? '')) return undefined;
  const { account, role, action, isExplicit, policy } = said;
  const kind = action.startsWith('kms:') ? 'key' : 'bucket';
  const isOfRole = policy === 'identity-based policy';
  const ofRole = `${policy} of the role ${role} in the account ${account}`;
  const named = policy === 'resource-based policy' ? `policy of the ${kind}` : ofRole;
  const byRole = `: the policy of the ${kind} is not what denies it`;
  const cause = isExplicit
    ? `A statement in the ${named} denies ${action}.`
    : `The ${named} does not allow ${action}${isOfRole ? byRole : ''}.`;
  // The cause of the code would blame the bucket.
  const answer = (message ?? '').replace(explainCode(code ?? '')?.cause ?? '', '').trim();
  const isOurs = role.startsWith(`${stack.service}-${stack.stage}-`);
  const allow = isExplicit ? `take ${action} out of that statement` : `allow ${action} there`;
  const printed = isOfRole ? 'rolePermissions' : `${kind}Policy`;
  const isPrinted = !isExplicit && (isOfRole || policy === 'resource-based policy');
  const needed = `: \`${printed}\` of the printed policies has what is needed`;
  const owners = `Have its owner ${allow}${isPrinted ? needed : ''}.`;
  const ours = 'Set back what was changed of this role of the stack: `sluice doctor --drift` names it.';
  return { cause: `${cause} ${answer}`, cure: isOurs && isOfRole ? ours : owners };
}

/**
 * Why a call of a customer's bucket failed: that the bucket is a stranger's, or what the code of the newest failure says.
 *
 * @param codes Stable codes of failures: SLUICE_…, the oldest first.
 */
export function customersTold(
  codes: readonly (string | null)[],
  message: string | null,
  customer: Parameters<typeof customersReason>[2],
): {
  readonly case: 'owner' | 'other';
  readonly reason?: FindingCase | undefined;
} {
  if (codes.some(isOfStranger)) return { case: 'owner' };
  return { case: 'other', reason: customersReason(codes.at(-1), message, customer) ?? OF_LATER };
}

function isOfStranger(code: string | null): boolean {
  return code?.endsWith('_OWNER_DIFFERS') === true;
}

/** What is said of a code that this version does not know. */
const OF_LATER: FindingCase = {
  cause: 'A later version of Sluice has written the code.',
  cure: 'Install the version of the stack: `explain` then says what the code means.',
};

/**
 * The command that prints what a customer's bucket must allow, if a call to it was denied; none of other failures.
 *
 * @param codes Stable codes of the failures: SLUICE_….
 * @param whose The words that name the source or the export: `--for ingest-source --source acme`.
 */
export function deniedPolicy(
  codes: readonly (string | null)[],
  whose: readonly string[],
  { sluice }: Pick<DeploymentCommands, 'sluice'>,
): readonly string[] {
  const isDenied = !codes.some(isOfStranger) && codes.some((code) => code?.endsWith('_DENIED'));
  return isDenied ? [sluice('policy', 'print', ...whose)] : [];
}

/** What the roles of the stack need of a customer's bucket, and of the key of its files. */
const CUSTOMERS_CALLS = {
  list: { role: 'IngestPlanRole', ofBucket: 's3:ListBucket', ofKey: 'kms:Decrypt' },
  load: { role: 'IngestLoadRole', ofBucket: 's3:GetObject', ofKey: 'kms:Decrypt' },
  receipt: { role: 'IngestLoadRole', ofBucket: 's3:PutObject', ofKey: 'kms:GenerateDataKey' },
  export: { role: 'ExportRole', ofBucket: 's3:PutObject', ofKey: 'kms:GenerateDataKey' },
} as const;

/**
 * Which role needs which call where one was denied, as a sentence; empty without a denial. S3 names neither to another account:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
 *
 * @param message What AWS said, which may name both. @param customersRole ARN of the customer's role that makes the calls.
 */
export function deniedCallText(
  work: keyof typeof CUSTOMERS_CALLS,
  code: string | null | undefined,
  message: string | null,
  { stack, customersRole }: { readonly stack: Place['stack']; readonly customersRole: string | undefined },
): string {
  if (code?.endsWith('_DENIED') !== true) return '';
  const said = denialIn(message ?? '');
  if (said !== null) return ` The role ${said.role} needs ${said.action} there.`;
  const { role, ofBucket, ofKey } = CUSTOMERS_CALLS[work];
  const onData = code.endsWith('_KEY_DENIED') ? ofKey : ofBucket;
  const call = code.endsWith('_ROLE_DENIED') ? 'sts:AssumeRole' : onData;
  const ours = roleNamePattern(`${stack.service}-${stack.stage}`, role);
  const name = call === 'sts:AssumeRole' ? ours : (customersRole ?? ours);
  return ` The role ${name} needs ${call} there.`;
}

/** `5 of 60 invocations of curate-plan had errors within 24 hours, since 2026-…, the last at 2026-….` */
export function errorsText({ part, errors, throttled, invocations, first, last }: FunctionErrors): string {
  const times = first === last ? `at ${last}` : `since ${first}, the last at ${last}`;
  if (errors === 0)
    return `Lambda throttled ${counted(throttled, 'run')} of ${part} within 24 hours, ${times}.`;
  return `${errors} of ${counted(invocations, 'invocation')} of ${part} had errors within 24 hours, ${times}.`;
}

/** ` from js-client 3.1 with the key web` */
export function fromText({ sdk, key }: { readonly sdk: string | null; readonly key: string | null }): string {
  const fromSdk = sdk === null ? '' : ` from ${sdk}`;
  const withKey = key === null ? '' : ` with the key ${key}`;
  return `${fromSdk}${withKey}`;
}

/** {@link fromText}; in words if the sender names neither. */
export function senderText(sender: Parameters<typeof fromText>[0]): string {
  return fromText(sender) || ' from a sender that states neither client nor key';
}

/** `all`, or how many of them. @param kinds How many kinds there are. */
export function shareText(count: number, kinds: number): string {
  return kinds === 1 ? 'all' : `${count} of them`;
}

/** Says how many more days a finding is about than the one that it names. */
export function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}

/** Alarms on what a run of the plan has found, all of which the ledger and its notes have; or that end minutes after a load. */
const OF_RUNS = /-ingest-(load-)?(failed|late|left-out|stopped|unreadable)\b/;

/** These also count exports that could not be planned, which no ledger has. */
const OF_EXPORTS = /-export-failed\b/;

/** The alarms that are on. Each is told with the first finding that it rings for, else by itself. */
export class Ringing {
  /** The alarms by their names, without the stack's name at the beginning. */
  readonly #left: Map<string, AlarmState>;

  constructor(alarms: StatusFacts['alarms'], { stack }: Pick<Judged, 'stack'>) {
    const prefix = partName(stack, '');
    const on = (alarms ?? []).filter(({ state }) => state === 'ALARM');
    this.#left = new Map(on.map((alarm) => [alarm.name.slice(prefix.length), alarm]));
  }

  /**
   * A finding with its alarms: what rings is a problem, unless it is over.
   *
   * @param names Of its alarms. Default: the catalogue's, of each schedule; those of datasets stand with the dataset alone.
   */
  tell(
    found: Finding,
    names: readonly string[] = scheduled(found, 'daily', 'hourly').filter(
      (name) => !OF_RUNS.test(`-${name}`),
    ),
  ): Finding {
    const ownAlarms = names.flatMap((name) => this.#left.get(name) ?? []);
    for (const name of names) this.#left.delete(name);
    if (ownAlarms.length === 0) return found;
    return {
      ...found,
      severity: found.isOver === true ? found.severity : 'problem',
      detail: [found.detail, ...ownAlarms.map((alarm) => `Alarm ${alarmText(alarm)}`)].join(' '),
    };
  }

  /**
   * The alarms that ring and that no finding names. Alarms on drops, whose days are judged, and on dead letters are
   * left out if their cause is gone since.
   */
  *alone({ commands }: Pick<Place, 'commands'>, { datasets, exports, deadLetters }: StatusFacts): Findings {
    const isOver = ({ name }: AlarmState) =>
      name.endsWith('-dead-letters')
        ? deadLetters !== null
        : datasets !== null && exports !== null && OF_RUNS.test(name);
    const left = [...this.#left.values()].filter((alarm) => !isOver(alarm));
    for (const alarm of left) {
      const isOfExports = exports !== null && OF_EXPORTS.test(alarm.name);
      const [watched = '', section = null] = alarm.description.split(/: see docs\/operate\.md, "|"$/);
      const texts = [
        alarmText(alarm),
        ...(isOfExports
          ? ['No day has failed. The log of `export` names what was not planned; else the next run ends it.']
          : []),
        ...(alarm.reason === '' ? [] : [`CloudWatch: ${alarm.reason}`]),
      ];
      const told = {
        case: 'alone' as const,
        title: `The alarm ${alarm.name} is on: ${watched.replaceAll('`', '')}`,
        since: alarm.since,
        detail: texts.join(' '),
      };
      const shown = [commands.aws('cloudwatch', 'describe-alarms', '--alarm-names', alarm.name)];
      const severity = isOfExports ? 'warning' : 'problem';
      yield { ...finding('SLUICE_FINDING_ALARM', told, shown, severity), section };
    }
  }
}

/** The names of the alarms that ring for a finding, of such schedules. */
export function scheduled({ code }: Finding, ...schedules: readonly string[]): readonly string[] {
  return scheduleNames(alarmsOf(code), ...schedules);
}

/** Names of alarms, each also with every schedule at its end. */
export function scheduleNames(names: readonly string[], ...schedules: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, ...schedules.map((schedule) => `${name}-${schedule}`)]);
}

function alarmText({ name, since, description }: AlarmState): string {
  const started = since === null ? '' : `, since ${since}`;
  return `${name}${started}: ${description}.`;
}

/** Runs until Ctrl-C, so it comes last. */
export function tailErrors(commands: Place['commands']): string {
  return commands.sluice('tail', '--errors', '--last', '20');
}

/** The sender of something, and the time at which it was sent. */
export function sentText(sent: SentGroup): string {
  return `${senderText(sent)}, first ${sent.first}, last ${sent.last}`;
}
