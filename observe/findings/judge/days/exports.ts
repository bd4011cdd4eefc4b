import { matchesAny } from '../../../../infra/template/policyMatch.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import type { UtcDay } from '../../../../lib/base/time.ts';
import { forwardedKinds } from '../../../../lib/schema/kinds.ts';
import type { DayRange } from '../../../../lib/views/curatedDays.ts';
import { daysWords } from '../../../commands.ts';
import type { DropDay } from '../../../facts/days/dropDays.ts';
import type { ExportDays } from '../../../facts/days/exportDays.ts';
import { DENIED, type EncryptionDemand } from '../../../facts/encryptionDemands.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { finding, seenNow } from '../../catalogue.ts';
import { customersTold, deniedCallText, deniedPolicy } from '../customers.ts';
import type { Findings, Place } from '../place.ts';
import { allDays, commandDays } from '../texts.ts';
import { failedDays } from './dayTexts.ts';

/** The code of a day whose files are exported, and whose older copies are still there. */
const UNDELETED = 'SLUICE_EXPORT_DELETE_DENIED';

/** Exports: days that failed, and copies whose files are gone. */
export function* exportFindings(facts: StatusFacts, place: Place): Findings {
  for (const exported of facts.exports ?? []) {
    const commands = exportCommands(exported.export, place);
    yield* failedExports(exported, commands, facts, place);
    yield* keptCopies(exported, commands, facts, place);
  }
}

/** Commands about the days of an export. */
interface ExportCommands {
  /** Shows its days, from one on. */
  readonly show: (from: UtcDay | undefined) => string;
  /** Exports days, or what is due without any. */
  readonly run: (range?: DayRange, ...more: readonly string[]) => string;
}

/** Makes commands about the days of an export. */
function exportCommands(
  name: string,
  { commands: { sluice }, now }: Pick<Place, 'commands' | 'now'>,
): ExportCommands {
  const words = ['--export', name];
  return {
    show: (from) => sluice('export', 'status', ...words, ...daysWords(from, now)),
    run(range, ...more) {
      const days = range === undefined ? [] : ['--from', range.from, '--to', range.to];
      return sluice('export', 'run', ...words, ...days, ...more);
    },
  };
}

/** Days that could not be exported, or whose older copies could not be deleted. */
function* failedExports(
  { export: name, target, days, firstDay }: ExportDays,
  { show, run }: ExportCommands,
  { encryptionDemands }: StatusFacts,
  { commands, config, stack }: Place,
): Findings {
  const configured = config.exports.find((configuredExport) => configuredExport.name === name)?.target;
  const key = { field: '`target.kmsKeyArn` of the export', arn: configured?.kmsKeyArn };
  const customer = { stack, key, name, place: configured };
  const customersRole = configured?.role?.arn;
  const isUndeleted = ({ failure }: DropDay) => failure === UNDELETED;
  const unexported = days.filter((day) => !isUndeleted(day));
  const of = `${name}, ${target}`;
  const failures = [
    ...failedDays({ name: of, verb: 'exported' }, unexported),
    ...failedDays({ name: of, verb: 'cleared of older copies' }, days.filter(isUndeleted)),
  ];
  for (const { code, message, days: failed, told } of failures) {
    const left = failed.filter((day) => day < firstDay);
    const { ranges, left: others } = commandDays(left, show(left.at(-1)));
    const needed = deniedCallText('export', code, message, { stack, customersRole });
    const detail = `${told.detail}${needed}${others || allDays(failed, show(failed.at(-1)))}`;
    const demand = code === DENIED && encryptionDemands?.find((demanded) => demanded.export === name);
    const why = demand ? demandTold(demand, message) : customersTold(code, message, customer);
    const reason = code === UNDELETED ? 'undeleted' : why.case;
    yield finding('SLUICE_FINDING_EXPORT_FAILED', { ...why, ...told, case: reason, detail }, [
      show(failed.at(-1)),
      ...deniedPolicy(code, ['--for', 'export-target', '--export', name], commands),
      ...(left.length < failed.length ? [run()] : []),
      ...ranges.map((range) => run(range)),
    ]);
  }
}

/** Copies in the customer's bucket whose files are gone, unless the finding of these files names them, or somebody accepted that. */
function* keptCopies(
  { export: name, table, target, days }: ExportDays,
  { show, run }: ExportCommands,
  { curated, lostDays }: StatusFacts,
  { commands, config, isUnrestorable }: Place,
): Findings {
  const kind = forwardedKinds.find((forwardedKind) => config.tables[forwardedKind] === table);
  const states = (curated ?? []).filter((state) => state.kind === kind);
  const lost = (lostDays ?? []).filter((lostDay) => lostDay.table === kind);
  const told = [...states.flatMap(({ kept }) => kept), ...lost].map(({ day }) => day);
  const accepted = states.flatMap((state) => state.accepted);
  const copies = days.filter(({ day, kept }) => kept > 0 && !told.includes(day) && !accepted.includes(day));
  const caseOf = ({ day }: DropDay) => (isUnrestorable(table, day) ? 'gone' : 'versions');
  for (const [reason, kept] of Map.groupBy(copies, caseOf)) {
    const texts = kept.map((copy) => `${copy.day} ${counted(copy.kept, 'file')}`);
    const copied = kept.map(({ day }) => day);
    const { ranges, left } = commandDays(copied, show(copied[0]));
    const files = sum(kept.map((copy) => copy.kept));
    const title = `The export ${name} keeps ${counted(files, 'copy', 'copies')} of files that are gone, of ${counted(kept.length, 'day')}, the newest ${copied.at(-1)}`;
    const found = seenNow(title, `${name}, ${target}: ${listed(texts)}.${left}`);
    yield finding('SLUICE_FINDING_EXPORT_KEPT', { ...found, case: reason }, [
      show(copied[0]),
      ...commands.restore(table, copied),
      ...ranges.map((range) => run(range)),
      ...(reason === 'gone' ? ranges.map((range) => run(range, '--drop')) : []),
    ]);
  }
}

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
