import { didYouMean } from '../../lib/base/text.ts';
import { HOUR_MS } from '../../lib/base/time.ts';
import { QUARANTINE_HOURS } from '../../observe/commands.ts';
import type { QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { quarantineCountsText, quarantinedRowsText } from '../observe/quarantineText.ts';
import { type Command, countOption, targetOptions, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** Rows of a reason that are listed without `--rows`, and at most. */
const LISTED_ROWS = { usual: 20, most: 500 } as const;

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
    if (reason !== undefined) await assertReason(reason);
    const hours = countOption(line, 'hours', QUARANTINE_HOURS);
    const limit = countOption(line, 'rows', LISTED_ROWS);
    const [{ countQuarantine }, { listQuarantined }] = await Promise.all([
      import('../../observe/facts/tables/countQuarantine.ts'),
      import('../../observe/facts/tables/listQuarantined.ts'),
    ]);
    return withDeployment(line, async (deployment) => {
      if (reason === undefined) {
        const counts = await countQuarantine(deployment, { hours });
        writeResult<QuarantineCounts>(line, counts, () => quarantineCountsText(counts, deployment));
        return 0;
      }
      const filter = { from: deployment.now - hours * HOUR_MS, to: deployment.now, reason };
      const page = await listQuarantined(deployment, filter, limit);
      writeResult<QuarantinedPage>(line, page, () =>
        quarantinedRowsText(page, { listed: limit, most: LISTED_ROWS.most }, deployment),
      );
      return 0;
    });
  },
};

/** Requires the code of a reason, of events or of rows of files. @throws UsageError for another text, of which there are no rows. */
async function assertReason(reason: string): Promise<void> {
  const [{ quarantineReasons }, { rowReasons }] = await Promise.all([
    import('../../lib/landing/quarantineReasons.ts'),
    import('../../lib/drops/rowReasons.ts'),
  ]);
  const codes = [...Object.keys(quarantineReasons), ...Object.keys(rowReasons)];
  if (codes.includes(reason)) return;
  const hint = didYouMean(reason, codes) || ' docs/reference/errors.md lists them.';
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--reason: expected the code of a reason, got ${JSON.stringify(reason)}.${hint}`,
  );
}
