import { matchesAny } from '../../../../infra/template/policyMatch.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { daysWords } from '../../../commands.ts';
import type { EncryptionDemand } from '../../../facts/encryptionDemands.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { finding, seenNow } from '../../catalogue.ts';
import { customersTold, deniedCallText, deniedPolicy } from '../customers.ts';
import type { Findings, Place } from '../place.ts';
import { allDays, commandDays } from '../texts.ts';
import { failedDays } from './dayTexts.ts';

/** Exports: days that failed, and copies whose files are gone. */
export function* exportFindings(
  { exports, encryptionDemands, curated, lostDays }: StatusFacts,
  { commands, config, now, stack, isUnrestorable }: Place,
): Findings {
  for (const { export: name, table: exportedTable, target, days, firstDay } of exports ?? []) {
    // The finding of its raw files names its copies, too. Whoever accepted that files are gone meant them as well.
    const kind = forwardedKinds.find((forwardedKind) => config.tables[forwardedKind] === exportedTable);
    const known = (curated ?? []).filter((tableKind) => tableKind.kind === kind);
    const found = [
      ...known.flatMap((state) => state.accepted),
      ...[
        ...known.flatMap((state) => state.kept),
        ...(lostDays ?? []).filter(({ table }) => table === kind),
      ].map(({ day }) => day),
    ];
    const show = (day?: string) =>
      commands.sluice('export', 'status', '--export', name, ...daysWords(day, now));
    const configured = config.exports.find((configuredExport) => configuredExport.name === name)?.target;
    const key = { field: '`target.kmsKeyArn` of the export', arn: configured?.kmsKeyArn };
    const customer = { stack, key, name, place: configured };
    const customersRole = configured?.role?.arn;
    const run = (from: string, to: string, ...more: readonly string[]) =>
      commands.sluice('export', 'run', '--export', name, '--from', from, '--to', to, ...more);
    const isUndeleted = ({ failure }: (typeof days)[number]) => failure === UNDELETED;
    const unexported = days.filter((day) => !isUndeleted(day));
    const failures = [
      ...failedDays({ name: `${name}, ${target}`, verb: 'exported' }, unexported),
      ...failedDays(
        { name: `${name}, ${target}`, verb: 'cleared of older copies' },
        days.filter(isUndeleted),
      ),
    ];
    for (const { code, message, days: failed, told } of failures) {
      const left = failed.filter((day) => day < firstDay);
      const { ranges, left: others } = commandDays(left, show(left.at(-1)));
      const detail = `${told.detail}${deniedCallText('export', code, message, { stack, customersRole })}${others || allDays(failed, show(failed.at(-1)))}`;
      const demand = code === DENIED && encryptionDemands?.find((demanded) => demanded.export === name);
      const why = demand ? demandTold(demand, message) : customersTold(code, message, customer);
      const reason = code === UNDELETED ? 'undeleted' : why.case;
      yield finding('SLUICE_FINDING_EXPORT_FAILED', { ...why, ...told, case: reason, detail }, [
        show(failed.at(-1)),
        ...deniedPolicy(code, ['--for', 'export-target', '--export', name], commands),
        ...(left.length < failed.length ? [commands.sluice('export', 'run', '--export', name)] : []),
        ...ranges.map(({ from, to }) => run(from, to)),
      ]);
    }
    const copies = days.filter(({ day, kept }) => kept > 0 && !found.includes(day));
    const caseOf = ({ day }: (typeof copies)[number]) =>
      isUnrestorable(exportedTable, day) ? 'gone' : 'versions';
    for (const [reason, kept] of Map.groupBy(copies, caseOf)) {
      const texts = kept.map((copy) => `${copy.day} ${counted(copy.kept, 'file')}`);
      const copied = kept.map(({ day }) => day);
      const { ranges, left } = commandDays(copied, show(copied[0]));
      const files = sum(kept.map((copy) => copy.kept));
      const title = `The export ${name} keeps ${counted(files, 'copy', 'copies')} of files that are gone, of ${counted(kept.length, 'day')}, the newest ${copied.at(-1)}`;
      const told = seenNow(title, `${name}, ${target}: ${listed(texts)}.${left}`);
      yield finding('SLUICE_FINDING_EXPORT_KEPT', { ...told, case: reason }, [
        show(copied[0]),
        ...commands.restore(exportedTable, copied),
        ...ranges.map(({ from, to }) => run(from, to)),
        ...(reason === 'gone' ? ranges.map(({ from, to }) => run(from, to, '--drop')) : []),
      ]);
    }
  }
}

const DENIED = 'SLUICE_EXPORT_ACCESS_DENIED';
/** The code of a day whose files are exported, and whose older copies are still there. */
const UNDELETED = 'SLUICE_EXPORT_DELETE_DENIED';

/** The header that a bucket demands of objects, and what sets it. */
function demandTold({ sid, header, wanted }: EncryptionDemand, message: string | null) {
  const demanded = wanted === null ? header : `${header}: ${wanted}`;
  const isKey = wanted !== null && /^arn:[^*?]+$/.test(wanted);
  const ofKey = `Set \`target.kmsKeyArn\` of the export to ${isKey ? wanted : "the ARN of the bucket's key"} and deploy.`;
  const settable = [
    { value: 'AES256', cure: "Set `target.encryption` of the export to 'AES256' and deploy." },
    { value: 'aws:kms', cure: ofKey },
  ].find(({ value }) => wanted === null || matchesAny(wanted, value));
  const unsettable = `No setting sends this: have the bucket's owner except the export's role from the statement.`;
  const cure = header.endsWith('key-id') ? ofKey : (settable?.cure ?? unsettable);
  const cause = `The statement ${sid} of the bucket's policy denies objects without the header \`${demanded}\`, which the export does not send.`;
  const said = message === null ? '' : ` ${message}`;
  return {
    case: 'header',
    reason: { cause: `${cause}${said}`, cure },
  } as const;
}
