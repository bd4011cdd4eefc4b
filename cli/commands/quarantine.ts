import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { ExaminedRow } from '../../observe/quarantine/examineQuarantined.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, lines } from '../observe/words.ts';
import {
  assertNoArguments,
  type Command,
  countOption,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

const HOUR_MS = 3_600_000;
/** Rows of a page. */
const MAX_ROWS = 500;

/** `sluice quarantine`: what was refused, by reason, the rows of a reason, and one row. */
export const quarantine: Command = {
  name: 'quarantine',
  summary: 'Show what was refused: reasons, the rows of one, and a row whole.',
  usage:
    'sluice quarantine [--reason CODE | --item ID --day DAY] [--hours N] [--local] [--stage NAME] [options]',
  options: {
    reason: { type: 'string', help: 'list the rows of this reason (default: count by reason)' },
    hours: { type: 'string', help: 'received in the last N hours (default 24, at most 2160)' },
    rows: { type: 'string', help: 'reason: rows to list (default 20)' },
    item: { type: 'string', help: 'show one row whole, by its quarantine_id' },
    day: { type: 'string', help: 'item: UTC day on which it was received, YYYY-MM-DD' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: [
    'sluice quarantine --stage prod',
    'sluice quarantine --reason SLUICE_EVENT_NO_NAME --hours 48 --rows 5',
    'sluice quarantine --item 0c44e0ebdbbed7723f319e2df40ef79f --day 2026-11-20',
  ],
  async run(line) {
    assertNoArguments(line.positionals);
    const [reason, id, rows] = ['reason', 'item', 'rows'].map((name) => textOption(line, name));
    const day = dayOption(line, 'day');
    const other = ['reason', 'hours', 'rows'].find((name) => textOption(line, name) !== undefined);
    if (id !== undefined && other !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', `--item and --${other}: expected only one of them.`);
    if ((id === undefined) !== (day === undefined))
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--item, --day: expected both of them.');
    if (rows !== undefined && reason === undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--rows without --reason.');
    const [counts, lists, items] = await Promise.all([
      import('../../observe/facts/tables/countQuarantine.ts'),
      import('../../observe/facts/tables/listQuarantined.ts'),
      import('../../observe/quarantine/examineQuarantined.ts'),
    ]);
    const hours = countOption(line, 'hours', { usual: 24, most: counts.MAX_QUARANTINE_HOURS });
    const limit = countOption(line, 'rows', { usual: 20, most: MAX_ROWS });
    return withDeployment(line, async (deployment) => {
      if (id !== undefined && day !== undefined) {
        const examined = await items.examineQuarantined(deployment, { id, day });
        writeResult(line, examined, () => examinedText(examined, deployment));
      } else if (reason === undefined) {
        const counted = await counts.countQuarantine(deployment, { hours });
        writeResult(line, counted, () => countsText(counted, deployment));
      } else {
        const times = { from: deployment.now - hours * HOUR_MS, to: deployment.now };
        const page = await lists.listQuarantined(deployment, { ...times, reason }, limit);
        writeResult(line, page, () => rowsText(page, deployment));
      }
      return 0;
    });
  },
};

interface Where {
  readonly isLocal: boolean;
}

/** Characters of a raw row in a list. */
const SHOWN = 120;

/** Counts of quarantine by reason, with the meaning of each. */
function countsText(counts: QuarantineCounts, where: Where): string {
  const { reasons, from, to, notes } = counts;
  if (reasons.length === 0)
    return `Nothing is in quarantine that was received from ${from} to ${to}. Rows arrive there within minutes.\n${lines(notes)}`;
  const table = textTable(
    reasons.map(({ code, rows, items, firstAt, lastAt, isRedrivable }) => ({
      reason: code,
      rows,
      items,
      first: firstAt,
      last: lastAt,
      redrive: isRedrivable ? 'can be tried' : 'no',
    })),
  );
  const meanings = reasons.map(({ code, cause, cure }) => `${code}: ${cause}\n  ${cure}`);
  return `${table}\n${meanings.join('\n')}\n${lines(notes)}${cost(counts.scannedBytes, where)}`;
}

/** Rows of quarantine, one line each. */
function rowsText({ rows, hasMore, notes, scannedBytes }: QuarantinedPage, where: Where): string {
  const table = textTable(
    rows.map(({ receivedAt, quarantineId, detail, keyLabel, sdkType, path, raw, rawLocation, isCut }) => ({
      received: receivedAt,
      item: quarantineId,
      detail,
      key: keyLabel,
      sdk: sdkType,
      path,
      raw: raw === null ? rawLocation : raw.length > SHOWN || isCut ? `${raw.slice(0, SHOWN)}…` : raw,
    })),
  );
  const more = hasMore ? '\nThere are more: --rows.\n' : '';
  return `${table}${more}${lines(notes)}${cost(scannedBytes, where)}`;
}

/** A row whole. */
function examinedText({ row, reason, scannedBytes }: ExaminedRow, where: Where): string {
  const facts = {
    item: row.quarantineId,
    reason: reason.code,
    detail: row.detail,
    received: row.receivedAt,
    key: row.keyLabel,
    SDK: [row.sdkType, row.sdkVersion].filter((text) => text !== null).join(' '),
    path: row.path,
  };
  const table = textTable(Object.entries(facts).map(([fact, value]) => ({ fact, value })));
  const raw = row.raw === null ? 'Nothing of it was kept.' : `${row.raw}${row.isCut ? ' … (cut)' : ''}`;
  return `${table}\nRaw${row.rawEncoding === 'base64' ? ', base64' : ''}\n${raw}\n\n${reason.cause}\n  ${reason.cure}\n${cost(scannedBytes, where)}`;
}

function cost(scannedBytes: number, { isLocal }: Where): string {
  return isLocal ? '' : `${athenaRead(scannedBytes)}\n`;
}
