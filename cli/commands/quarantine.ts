import { HOUR_MS } from '../../lib/base/time.ts';
import { isCuredByRedrive } from '../../lib/landing/quarantineReasons.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { athenaRead, lines } from '../observe/words.ts';
import { type Command, countOption, targetOptions, textOption, UsageError } from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** Rows of a page. */
const MAX_ROWS = 500;

/** `sluice quarantine`: what was refused, by reason, and the rows of a reason. */
export const quarantine: Command = {
  name: 'quarantine',
  summary: 'Show what was refused: reasons, and the rows of one.',
  options: {
    reason: { type: 'string', help: 'list the rows of this reason (default: count by reason)' },
    hours: { type: 'string', help: 'received in the last N hours (default 24, at most 2160)' },
    rows: { type: 'string', help: 'reason: rows to list (default 20)' },
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
    const [counts, lists] = await Promise.all([
      import('../../observe/facts/tables/countQuarantine.ts'),
      import('../../observe/facts/tables/listQuarantined.ts'),
    ]);
    const hours = countOption(line, 'hours', { usual: 24, most: counts.MAX_QUARANTINE_HOURS });
    const limit = countOption(line, 'rows', { usual: 20, most: MAX_ROWS });
    return withDeployment(line, async (deployment) => {
      if (reason === undefined) {
        const counted = await counts.countQuarantine(deployment, { hours });
        writeResult<QuarantineCounts>(line, counted, () => countsText(counted, deployment));
      } else {
        const times = { from: deployment.now - hours * HOUR_MS, to: deployment.now };
        const page = await lists.listQuarantined(deployment, { ...times, reason }, limit);
        writeResult<QuarantinedPage>(line, page, () => rowsText(page, deployment));
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
    reasons.map(({ code, rows, items, firstAt, lastAt }) => ({
      reason: code,
      rows,
      items,
      first: firstAt,
      last: lastAt,
      redrive: isCuredByRedrive(code) ? 'once corrected' : 'no',
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

function cost(scannedBytes: number, { isLocal }: Where): string {
  return isLocal ? '' : `${athenaRead(scannedBytes)}\n`;
}
