import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, MOST_NAMED, numbered } from '../../../../lib/base/text.ts';
import type { UtcDay } from '../../../../lib/base/time.ts';
import { isRowReason } from '../../../../lib/drops/rowReasons.ts';
import {
  isCuredByRedrive,
  isRowFailure,
  type QuarantineReason,
} from '../../../../lib/landing/quarantineReasons.ts';
import { ANY_KEY } from '../../../../lib/schema/AcceptedKey.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { dayRanges } from '../../../../lib/views/curatedDays.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import { explainStoredCode } from '../../../explainCode.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { AnsweredGroup } from '../../../facts/flow/logged/loggedAnswers.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { QuarantineCount, QuarantineSender } from '../../../facts/tables/quarantineSenders.ts';
import { type CaseOf, finding, type Told } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { fromText, senderText, sentText, shareWith } from '../texts.ts';
import { namedSender } from './senderNames.ts';

/** Refused events. The first reason, which the title names, is that with the most rows. */
export function* quarantined(facts: StatusFacts, { commands, config }: Place): Findings {
  const { quarantine, redrivenAt, datasets } = facts;
  const reasons = quarantine ?? [];
  const [first] = reasons;
  if (first === undefined) return;
  const redriven = reasons.filter(({ reason }) => isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const days = reasons.some(({ reason }) => isRowReason(reason)) ? refusedDays(datasets ?? []) : [];
  const keys = limitedKeys(first);
  const areConfigured = keys.filter((label) => config.keys.some((key) => key.label === label));
  const isOfOne = [0, keys.length].includes(areConfigured.length);
  const isOfKeys = reasons.length === 1 && keys.length > 0 && isOfOne;
  const kindsCase = areConfigured.length === 0 ? 'kinds' : 'configuredKinds';
  const kind = isOfKeys ? kindsCase : quarantineCase(reasons, days);
  const cures = reasons.slice(0, MOST_NAMED).map(({ reason }) => {
    const { cause, cure } = explainStoredCode(reason);
    return ` ${reason}: ${kind === 'rows' ? cause : cure}`;
  });
  const ofReasons = isOfKeys ? '' : cures.join('');
  const total = sum(reasons.map(({ rows }) => rows));
  const share = `${shareWith(first.rows, reasons.length)} ${first.reason}${mainSenderText(first, facts)}`;
  const isRedriven =
    redrivenAt !== null &&
    reasons.every(({ reason, newestAt }) => isCuredByRedrive(reason) && newestAt < redrivenAt);
  const over = isRedriven ? `; a redrive delivered rows at ${redrivenAt}` : '';
  const told: Told & { readonly case: CaseOf<'SLUICE_FINDING_QUARANTINED'> } = {
    case: isRedriven ? 'redriven' : kind,
    subject: reasons
      .map(({ reason }) => reason)
      .sort()
      .join(' '),
    title: `${counted(total, 'row is', 'rows are')} in quarantine, ${share}${over}`,
    since: reasons.map(({ firstAt }) => firstAt).sort()[0] ?? null,
    detail: `${listed(
      reasons.map((reason) => reasonText(reason, facts)),
      '; ',
    )}.${ofReasons}`,
  };
  const redrives = redriven.flatMap(({ reason }) => [
    commands.sluice('redrive', '--reason', reason, '--dry-run'),
    commands.sluice('redrive', '--reason', reason),
  ]);
  const ofDays = refusedCommands(days, commands);
  const counts = kind === 'rows' || kind === 'files' ? [] : [commands.sluice('quarantine')];
  const shown = ofDays.rows.length === 0 ? [commands.sluice('quarantine')] : [...counts, ...ofDays.rows];
  // Refused events are ordinary; rows that their table did not take are not.
  const isLost = !isRedriven && reasons.some(({ reason }) => isRowFailure(reason));
  yield finding(
    'SLUICE_FINDING_QUARANTINED',
    told,
    [
      ...(kind === 'kinds' && !isRedriven
        ? keys.map((label) => commands.sluice('keys', 'set', label, '--kinds', forwardedKinds.join(',')))
        : shown),
      ...redrives,
      ...(kind === 'rows' ? [] : ofDays.loads),
    ],
    isLost ? 'problem' : 'warning',
  );
}

/** The labels of the keys that may not send events of a kind; none of another reason, and where a sender has no label. */
function limitedKeys({ reason, senders }: QuarantineCount): readonly string[] {
  const keys = senders.map(({ key }) => key);
  const isKnown = keys.every((key) => key !== null && key !== ANY_KEY);
  return reason === 'SLUICE_EVENT_KIND_NOT_ALLOWED' && isKnown
    ? [...new Set(keys.flatMap((key) => key ?? []))].slice(0, MOST_COMMANDS)
    : [];
}

/** Share of the rows of a day below which those that were refused are not as the others: the mapping reads these. */
const FEW_ROWS = 0.1;

/** Days of a dataset of which rows were refused. */
interface RefusedDays extends Pick<DatasetDays, 'source' | 'dataset'> {
  /** The days, the newest last. */
  readonly days: readonly UtcDay[];
  /** Whether they are few of the rows of each day. */
  readonly isFew: boolean;
}

/** The datasets of which rows were refused. */
function refusedDays(datasets: readonly DatasetDays[]): readonly RefusedDays[] {
  return datasets.flatMap(({ source, dataset, days }) => {
    const refused = days.filter(({ rows }) => rows.refused > 0);
    const isFew = refused.every(({ rows }) => rows.refused < rows.in * FEW_ROWS);
    return refused.length === 0 ? [] : [{ source, dataset, days: refused.map(({ day }) => day), isFew }];
  });
}

/** Commands that show the rows that were refused of the newest days, and that load the days again. */
function refusedCommands(
  refused: readonly RefusedDays[],
  { sluice }: Place['commands'],
): Readonly<Record<'rows' | 'loads', readonly string[]>> {
  const ofDataset = ({ source, dataset }: RefusedDays) => ['--source', source, '--dataset', dataset];
  const rows = refused.flatMap((of) =>
    of.days.slice(-1).map((day) => sluice('ingest', 'refused', ...ofDataset(of), '--day', day)),
  );
  const loads = refused.flatMap((of) =>
    dayRanges(of.days).map(({ from, to }) =>
      sluice('ingest', 'backfill', ...ofDataset(of), '--from', from, '--to', to),
    ),
  );
  return { rows: rows.slice(0, MOST_COMMANDS), loads: loads.slice(0, MOST_COMMANDS) };
}

/** The reason of bodies that were whole when their sender made them. */
export const TRUNCATED = 'SLUICE_BODY_TRUNCATED' satisfies QuarantineReason;

/** Who can cure the rows: whoever corrects what refused them, the mapping or the file of a customer, or the sender alone. */
function quarantineCase(
  reasons: readonly QuarantineCount[],
  days: readonly RefusedDays[],
): CaseOf<'SLUICE_FINDING_QUARANTINED'> {
  const areFew = days.length > 0 && days.every(({ isFew }) => isFew);
  const curers = new Set(
    reasons.map(({ reason }) => {
      if (isCuredByRedrive(reason)) return 'redrive';
      if (reason === TRUNCATED) return 'cut';
      if (!isRowReason(reason)) return 'sender';
      return areFew ? 'rows' : 'files';
    }),
  );
  const [first, ...more] = curers;
  return first === undefined || more.length > 0 ? 'mixed' : first;
}

/** Who sent the requests of rows whose senders nobody counted, by the log: those that were refused with the reason. None if not all lines were read. */
function loggedSenders(
  { reason, senders }: QuarantineCount,
  { refusals, ...facts }: StatusFacts,
): readonly AnsweredGroup[] {
  if (senders.length > 0 || refusals === null || refusals.hasMore) return [];
  return refusals.groups.filter(({ code }) => code === reason).map((group) => namedSender(group, facts));
}

/** `, 5 of these from js-client 3.1 with the key web`: the sender with the most rows; empty if nobody knows who it is. */
function mainSenderText(count: QuarantineCount, facts: StatusFacts): string {
  const {
    rows,
    senders: [sender],
  } = count;
  const [logged, ...others] = loggedSenders(count, facts);
  if (logged !== undefined && logged.count >= rows && others.length === 0) return fromText(logged);
  const from = sender === undefined ? '' : fromText(sender);
  if (sender === undefined || from === '') return '';
  return sender.rows === rows ? from : `, ${numbered(sender.rows)} of these${from}`;
}

/** What is said of rows whose senders nobody counts: without Athena only their files are read. */
const UNKNOWN_SENDER = 'Who sent them is not known, as Athena was not asked';

/** `7 rows with SLUICE_…, the first of …, the last of …, 5 from js-client 3.1 with the key web (first …, last …)` */
function reasonText(count: QuarantineCount, facts: StatusFacts): string {
  const { reason, rows, firstAt, newestAt, senders } = count;
  const logged = loggedSenders(count, facts).map((group) => `${numbered(group.count)}${sentText(group)}`);
  const unknown =
    logged.length === 0 ? UNKNOWN_SENDER : `By the log of refused requests: ${logged.join(', ')}`;
  const who = senders.length === 0 ? `. ${unknown}` : `, ${senders.map(quarantineSenderText).join(', ')}`;
  return `${counted(rows, 'row')} with ${reason}, the first of ${firstAt}, the last of ${newestAt}${who}`;
}

/** `5 from js-client 3.1 with the key web (first …, last …)` */
function quarantineSenderText(sender: QuarantineSender): string {
  const path = sender.path === null ? '' : ` in ${sender.path}`;
  return `${numbered(sender.rows)}${senderText(sender)}${path} (first ${sender.firstAt}, last ${sender.lastAt})`;
}
