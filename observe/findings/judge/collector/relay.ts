import { partName } from '../../../../infra/template/Stack.ts';
import { roleNamePattern } from '../../../../lib/access/arns.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { OLD_SECONDS } from '../../../../lib/relay/limits.ts';
import { PAGE } from '../../../../lib/relay/Target.ts';
import { STATSIG_ORIGIN } from '../../../../lib/relay/targetRequest.ts';
import { EXPIRED, RELAY_WAITING_FOLDER } from '../../../../lib/tables/relayKeys.ts';
import { failureKind } from '../../../answerKinds.ts';
import type { RelayAnswer } from '../../../facts/flow/relayAnswer.ts';
import { areCopiesLate } from '../../../facts/flow/relayCopies.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { functionLog } from '../../../readLog.ts';
import { denialIn } from '../../../saidDenial.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import { isLogRead } from '../failures.ts';
import type { Findings, Place } from '../place.ts';
import { QUIET_TEXT, shareWith } from '../texts.ts';

/** The case of a reason for which the target refuses copies: docs/relay.md, "What was refused". */
function refusedCase(reason: string | undefined): CaseOf<'SLUICE_FINDING_RELAY_REFUSED'> {
  if (reason === EXPIRED) return 'expired';
  if (reason === '401' || reason === '403') return 'key';
  if (reason === '404') return 'address';
  return ['400', '413', '415'].includes(reason ?? '') ? 'body' : 'refused';
}

/** The cases of what the collector fails with when it keeps a copy. */
const UNKEPT_CASES = {
  denied: 'denied',
  missing: 'missing',
  busy: 'passes',
  quota: 'error',
  awsFailed: 'passes',
  error: 'error',
} as const satisfies Record<ReturnType<typeof failureKind>, CaseOf<'SLUICE_FINDING_RELAY_NOT_KEPT'>>;

/** Copies that the collector could not keep. */
export function* unkeptCopies(
  { unkept, unkeptError }: StatusFacts,
  { now, stack, commands }: Place,
): Findings {
  if (unkept === null) return;
  const { count, first, last } = unkept;
  const name = unkeptError === null ? 'unread' : UNKEPT_CASES[failureKind(unkeptError)];
  const isQuiet = now - Date.parse(last) >= HOUR_MS;
  const error =
    unkeptError === null
      ? ''
      : `,${count === 1 ? '' : ' the last'} with ${unkeptError.split(':', 1).join('')}`;
  const log = ['--log-group-name', functionLog(stack, 'collect'), '--start-time', `${Date.parse(first)}`];
  const lines = ['--filter-pattern', '{ $.relay = "not_kept" }', '--limit', '20'];
  const told = {
    case: name,
    title: `${counted(count, 'copy of a request was', 'copies of requests were')} not kept for relay${error}${isQuiet ? QUIET_TEXT : ''}`,
    since: first,
    detail: [
      `${counted(count, 'copy', 'copies')}, first ${first}, last ${last}.`,
      unkeptError === null ? '' : `The last failed with ${unkeptError}.`,
      name === 'denied' ? neededText(unkeptError ?? '', stack) : '',
    ]
      .filter(Boolean)
      .join(' '),
  } as const;
  const drift = name === 'denied' || name === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
  const shown = [...drift, commands.aws('logs', 'filter-log-events', ...log, ...lines)];
  yield finding('SLUICE_FINDING_RELAY_NOT_KEPT', told, shown, isQuiet ? 'warning' : 'problem');
}

/** Which role needs which call to keep a copy, as a sentence. @param error As the log has it. */
function neededText(error: string, stack: Place['stack']): string {
  const said = denialIn(error);
  if (said !== null) return `The role ${said.role} needs ${said.action} on ${said.resource}.`;
  const role = roleNamePattern(`${stack.service}-${stack.stage}`, 'CollectRole');
  return `The role ${role} needs sqs:SendMessage on the queue ${partName(stack, 'relay')}, and for large requests s3:PutObject in ${RELAY_WAITING_FOLDER}.`;
}

/** Copies that went out of the queue, and that the function did not finish. */
export function* lostCopies({ lostCopies: lost, relay }: StatusFacts, { stack, commands }: Place): Findings {
  const stranded = relay?.stranded ?? null;
  if (stranded !== null) {
    const { count, hasMore, oldest } = stranded;
    const told = {
      case: 'stranded',
      title: `${hasMore ? 'At least ' : ''}${counted(count, 'copy of a large request is', 'copies of large requests are')} in ${RELAY_WAITING_FOLDER}, and no queue has a message of ${count === 1 ? 'it' : 'them'}, the oldest kept`,
      since: oldest,
    } as const;
    const redrive = (...more: readonly string[]) => commands.sluice('relay', 'redrive', ...more);
    yield finding('SLUICE_FINDING_RELAY_LOST', told, [redrive('--dry-run'), redrive()]);
  }
  if (lost === null) return;
  const { count, since, goneBy, before, after } = lost;
  const queue = partName(stack, 'relay');
  yield finding('SLUICE_FINDING_RELAY_LOST', {
    case: 'gone',
    title: `At least ${counted(count, 'copy of a request', 'copies of requests')} went out of the queue ${queue}, and relay neither delivered them nor put them aside`,
    since,
    detail: `The queue had at least ${counted(before, 'copy', 'copies')} until ${since}, and ${after} at most from ${goneBy} on.`,
  });
}

/** Copies of relay. */
export function* copyFindings(facts: StatusFacts, { now, stack, commands, config }: Place): Findings {
  const { relay, relayAnswer } = facts;
  if (relay === null) return;
  const { waiting, refused, hasMore } = relay;
  const copies = (count: number) => counted(count, 'copy', 'copies');
  // What the target refuses somebody has to correct; what it did not take in time may be taken now.
  const most = refused.find(({ reason }) => reason !== EXPIRED) ?? refused[0];
  if (most !== undefined) {
    const reasons = refused.map(
      (refusal) =>
        `${refusal.reason}: ${copies(refusal.count)}, the first put aside at ${refusal.since}, the oldest of ${refusal.oldest}`,
    );
    const total = sum(refused.map(({ count }) => count));
    const atLeast = hasMore ? 'At least ' : '';
    const told = {
      case: refusedCase(most.reason),
      title: `${atLeast}${counted(total, 'copy of a request was', 'copies of requests were')} put aside, ${shareWith(most.count, refused.length)} ${most.reason}`,
      since: refused.map(({ since }) => since).sort()[0] ?? null,
      detail: `${listed(reasons)}.`,
    } as const;
    const only = ['--reason', most.reason];
    yield finding('SLUICE_FINDING_RELAY_REFUSED', told, [
      commands.sluice('relay', 'status'),
      commands.sluice('relay', 'redrive', ...only, '--dry-run'),
      commands.sluice('relay', 'redrive', ...only),
    ]);
  }
  if (!areCopiesLate(relay, now)) return;
  const name = lateCase(facts);
  const { relay: target = { statsig: true } } = config;
  const url = 'url' in target ? target.url : STATSIG_ORIGIN;
  const answer = relayAnswer === null ? '' : `, ${answerText(relayAnswer, new URL(url).host)}`;
  const at =
    relayAnswer === null
      ? ''
      : ` ${relayAnswer.why} for ${copies(relayAnswer.copies)}, at ${relayAnswer.at}.`;
  yield finding(
    'SLUICE_FINDING_RELAY_LATE',
    {
      case: name,
      title: `${counted(waiting.count, 'copy of a request waits', 'copies of requests wait')} to be relayed, since about ${waiting.oldest}${answer}`,
      since: waiting.oldest,
      detail: `${copies(waiting.count)}, the oldest since about ${waiting.oldest}.${at}`,
    },
    [
      ...(name === 'denied' ? [commands.sluice('doctor', '--drift')] : []),
      ...(name === 'moved' ? [`curl -sI '${url}'`] : []),
      // What failed, or what the function did since the last try of each copy.
      relayAnswer === null
        ? commands.log(functionLog(stack, 'relay'), now - 2 * HOUR_MS)
        : commands.log(
            functionLog(stack, 'relay'),
            Date.parse(relayAnswer.at) - MINUTE_MS,
            Date.parse(relayAnswer.at) + MINUTE_MS,
          ),
    ],
    now - Date.parse(waiting.oldest ?? '') >= OLD_SECONDS * 1_000 ? 'problem' : 'warning',
  );
}

/** Errors of the network that say what is wrong, by Node's code. */
const UNANSWERED: Readonly<Record<string, CaseOf<'SLUICE_FINDING_RELAY_LATE'>>> = {
  ECONNREFUSED: 'unheard',
  EPROTO: 'noTls',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'chain',
  UNABLE_TO_GET_ISSUER_CERT: 'chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'chain',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'selfSigned',
  SELF_SIGNED_CERT_IN_CHAIN: 'selfSigned',
  ERR_TLS_CERT_ALTNAME_INVALID: 'otherName',
  ENOTFOUND: 'unnamed',
  EAI_AGAIN: 'noResolver',
  ETIMEDOUT: 'silent',
  EHOSTUNREACH: 'silent',
  ENETUNREACH: 'silent',
  TimeoutError: 'silent',
};

/** What became of the last try, and at whom: `the target h.example answered last 500`. @param host Of the target. */
function answerText({ from, why, takenAt }: RelayAnswer, host: string): string {
  if (takenAt !== null) return `and copies are delivered again since ${takenAt}`;
  if (from === 'bucket') return `the last call of the bucket failed with ${why}`;
  const [status, ofPage] = why.split(' ');
  if (ofPage === PAGE) return `${host} answered last ${status} with a web page`;
  if (!/^\d{3}$/.test(why)) return `the last call of ${host} failed with ${why}`;
  // Of a status that takes a copy the body says that the target does not.
  const inBody = why.startsWith('2') ? ' with success: false in its body' : '';
  return `${host} answered last ${why}${inBody}`;
}

/** Why copies wait. */
function lateCase(facts: StatusFacts): CaseOf<'SLUICE_FINDING_RELAY_LATE'> {
  const { relayAnswer, functionErrors, deadLetters } = facts;
  if (relayAnswer !== null) {
    if (relayAnswer.takenAt !== null) return 'again';
    if (relayAnswer.from === 'bucket')
      return failureKind(relayAnswer.why) === 'denied' ? 'denied' : 'bucketFails';
    // 304 has no other address.
    if (/^30[12378]$/.test(relayAnswer.why)) return 'moved';
    if (relayAnswer.why.endsWith(` ${PAGE}`)) return 'page';
    if (/^\d{3}$/.test(relayAnswer.why)) return 'answered';
    return UNANSWERED[relayAnswer.why] ?? 'unanswered';
  }
  const failing = [...(functionErrors ?? []).filter(({ isOver }) => !isOver), ...(deadLetters ?? [])];
  if (failing.some(({ part }) => part === 'relay')) return 'failing';
  // Without a count of its runs nobody knows that it runs.
  return functionErrors !== null && isLogRead(facts, 'relay') ? 'slow' : 'unread';
}
