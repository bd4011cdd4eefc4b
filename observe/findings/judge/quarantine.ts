import { sum } from '../../../lib/base/sum.ts';
import { counted, listed, MOST_NAMED } from '../../../lib/base/text.ts';
import { isRowReason } from '../../../lib/drops/rowReasons.ts';
import { isCuredByRedrive, isRowFailure } from '../../../lib/landing/quarantineReasons.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { explainStoredCode } from '../../explainCode.ts';
import type { DatasetDays } from '../../facts/days/dropDays.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { QuarantineCount } from '../../facts/tables/landedRows.ts';
import type { QuarantineSender } from '../../facts/tables/quarantineSenders.ts';
import { type CaseOf, finding } from '../catalogue.ts';
import type { Findings, Place } from './place.ts';
import { fromText, senderText, shareText } from './texts.ts';

/** Refused events. The first reason, which the title names, is that with the most rows. */
export function* quarantined({ quarantine, datasets }: StatusFacts, { commands }: Place): Findings {
  const reasons = quarantine ?? [];
  const [first] = reasons;
  if (first === undefined) return;
  const redriven = reasons.filter(({ reason }) => isCuredByRedrive(reason)).slice(0, MOST_COMMANDS);
  const cures = reasons
    .slice(0, MOST_NAMED)
    .map(({ reason }) => ` ${reason}: ${explainStoredCode(reason).cure}`)
    .join('');
  const total = sum(reasons.map(({ rows }) => rows));
  const share = `${shareText(first.rows, reasons.length)} with ${first.reason}${mainSenderText(first)}`;
  const told = {
    case: quarantineCase(reasons),
    subject: reasons
      .map(({ reason }) => reason)
      .sort()
      .join(' '),
    title: `${counted(total, 'row is', 'rows are')} in quarantine, ${share}`,
    since: reasons.map(({ firstAt }) => firstAt).sort()[0] ?? null,
    detail: `${listed(reasons.map(reasonText), '; ')}.${cures}`,
  };
  const redrives = redriven.flatMap(({ reason }) => [
    commands.sluice('redrive', '--reason', reason, '--dry-run'),
    commands.sluice('redrive', '--reason', reason),
  ]);
  const loads = reasons.some(({ reason }) => isRowReason(reason))
    ? refusedDays(datasets ?? [], commands)
    : [];
  // Refused events are ordinary; rows that their table did not take are not.
  const severity = reasons.some(({ reason }) => isRowFailure(reason)) ? 'problem' : 'warning';
  yield finding(
    'SLUICE_FINDING_QUARANTINED',
    told,
    [commands.sluice('quarantine'), ...redrives, ...loads],
    severity,
  );
}

/** Commands that load the days again of which rows were refused. */
function refusedDays(datasets: readonly DatasetDays[], { sluice }: Place['commands']): readonly string[] {
  const all = datasets.flatMap(({ source, dataset, days }) => {
    const refused = days.flatMap(({ day, rows }) => (rows.refused > 0 ? [day] : []));
    return dayRanges(refused).map(({ from, to }) =>
      sluice('ingest', 'backfill', '--source', source, '--dataset', dataset, '--from', from, '--to', to),
    );
  });
  return all.slice(0, MOST_COMMANDS);
}

/** Who can cure the rows: whoever corrects what refused them, the mapping or the file of a customer, or the sender alone. */
function quarantineCase(reasons: readonly QuarantineCount[]): CaseOf<'SLUICE_FINDING_QUARANTINED'> {
  const curers = new Set(
    reasons.map(({ reason }) => {
      if (isCuredByRedrive(reason)) return 'redrive';
      return isRowReason(reason) ? 'files' : 'sender';
    }),
  );
  const [first, ...more] = curers;
  return first === undefined || more.length > 0 ? 'mixed' : first;
}

/** `, 5 of these from js-client 3.1 with the key web`: the sender with the most rows; empty if nobody knows who it is. */
function mainSenderText({ rows, senders: [sender] }: QuarantineCount): string {
  const from = sender === undefined ? '' : fromText(sender);
  if (sender === undefined || from === '') return '';
  return sender.rows === rows ? from : `, ${sender.rows} of these${from}`;
}

/** What is said of rows whose senders nobody counts: without Athena only their files are read. */
const UNKNOWN_SENDER = 'Who sent them is not known, as Athena was not asked';

/** `7 rows with SLUICE_…, the first of …, the last of …, 5 from js-client 3.1 with the key web (first …, last …)` */
function reasonText({ reason, rows, firstAt, newestAt, senders }: QuarantineCount): string {
  const who = senders.length === 0 ? UNKNOWN_SENDER : senders.map(quarantineSenderText).join(', ');
  return `${counted(rows, 'row')} with ${reason}, the first of ${firstAt}, the last of ${newestAt}, ${who}`;
}

/** `5 from js-client 3.1 with the key web (first …, last …)` */
function quarantineSenderText(sender: QuarantineSender): string {
  const path = sender.path === null ? '' : ` in ${sender.path}`;
  return `${sender.rows}${senderText(sender)}${path} (first ${sender.firstAt}, last ${sender.lastAt})`;
}
