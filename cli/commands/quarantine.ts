import { HOUR_MS } from '../../lib/base/time.ts';
import { isCuredByRedrive } from '../../lib/landing/quarantineReasons.ts';
import { QUARANTINE_HOURS } from '../../observe/commands.ts';
import type { Deployment } from '../../observe/deployment.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage, QuarantinedRow } from '../../observe/facts/tables/listQuarantined.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, lines, moreNote } from '../observe/words.ts';
import { type Command, countOption, targetOptions, textOption, UsageError } from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** Rows of a reason that are listed without `--rows`, and at most. */
const LISTED_ROWS = { usual: 20, most: 500 } as const;
/** Characters of a raw row that the text of a list shows. */
const RAW_CHARACTERS = 120;

/** `sluice quarantine`: what was refused, by reason, and the rows of a reason. */
export const quarantine: Command = {
  name: 'quarantine',
  summary: 'Show what was refused: reasons, and the rows of one.',
  options: {
    reason: { type: 'string', help: 'list the rows of this reason (default: count by reason)' },
    hours: {
      type: 'string',
      help: `received in the last N hours (default ${QUARANTINE_HOURS.usual}, at most ${QUARANTINE_HOURS.most})`,
    },
    rows: { type: 'string', help: `reason: rows to list (default ${LISTED_ROWS.usual})` },
    ...targetOptions,
  },
  examples: [
    'sluice quarantine --stage prod',
    'sluice quarantine --reason SLUICE_EVENT_NO_NAME --hours 48 --rows 5',
  ],
  async run(line) {
    const reason = textOption(line, 'reason');
    if (reason === undefined && textOption(line, 'rows') !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--rows without --reason.');
    const hours = countOption(line, 'hours', QUARANTINE_HOURS);
    const limit = countOption(line, 'rows', LISTED_ROWS);
    const [{ countQuarantine }, { listQuarantined }] = await Promise.all([
      import('../../observe/facts/tables/countQuarantine.ts'),
      import('../../observe/facts/tables/listQuarantined.ts'),
    ]);
    return withDeployment(line, async (deployment) => {
      if (reason === undefined) {
        const counts = await countQuarantine(deployment, { hours });
        writeResult<QuarantineCounts>(line, counts, () => countsText(counts, deployment));
        return 0;
      }
      const filter = { from: deployment.now - hours * HOUR_MS, to: deployment.now, reason };
      const page = await listQuarantined(deployment, filter, limit);
      writeResult<QuarantinedPage>(line, page, () => rowsText(page, limit, deployment));
      return 0;
    });
  },
};

/** Counts of quarantine by reason, with the meaning of each. */
export function countsText(counts: QuarantineCounts, deployment: Pick<Deployment, 'isLocal'>): string {
  const { reasons, from, to, notes, scannedBytes } = counts;
  if (reasons.length === 0)
    return `Nothing is in quarantine that was received from ${from} to ${to}. Rows arrive there within minutes.\n${lines(notes)}`;
  const table = textTable(
    reasons.map(({ code, rows, items, firstAt, lastAt }) => ({
      reason: code,
      rows,
      items,
      first: firstAt,
      last: lastAt,
      redrive: isCuredByRedrive(code) ? 'once corrected' : 'no',
    })),
  );
  const senders = textTable(
    reasons.flatMap(({ code, senders: sent }) =>
      sent.map(({ sdk, key, path, rows, firstAt, lastAt }) => {
        return { reason: code, sdk, key, path, rows, first: firstAt, last: lastAt };
      }),
    ),
  );
  const meanings = reasons.map(({ code, cause, cure }) => `${code}: ${cause}\n  ${cure}`);
  return `${table}\n${senders}\n${meanings.join('\n')}\n${lines(notes)}${costText(scannedBytes, deployment)}`;
}

/** Rows of quarantine, one line each. @param limit How many were asked for. */
export function rowsText(
  page: QuarantinedPage,
  limit: number,
  deployment: Pick<Deployment, 'isLocal'>,
): string {
  const table = textTable(
    page.rows.map((row) => ({
      received: row.receivedAt,
      item: row.quarantineId,
      detail: row.detail,
      key: row.keyLabel,
      sdk: row.sdkType,
      path: row.path,
      raw: rawText(row),
    })),
  );
  const more = page.hasMore ? `\n${moreNote('--rows', limit, LISTED_ROWS.most)}\n` : '';
  return `${table}${more}${lines(page.notes)}${costText(page.scannedBytes, deployment)}`;
}

/** The beginning of a row as it was sent; of one that is too large for the table, where it is. */
function rawText({ raw, rawLocation, isCut }: QuarantinedRow): string | null {
  if (raw === null) return rawLocation;
  const isWhole = raw.length <= RAW_CHARACTERS && !isCut;
  return isWhole ? raw : `${raw.slice(0, RAW_CHARACTERS)}…`;
}

/** What the query has read. In the local cloud it costs nothing. */
function costText(scannedBytes: number, { isLocal }: Pick<Deployment, 'isLocal'>): string {
  return isLocal ? '' : `${athenaRead(scannedBytes)}\n`;
}
