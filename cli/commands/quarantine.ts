import {
  assertNoArguments,
  type Command,
  countOption,
  dayOption,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

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
    const [{ withDeployment }, counts, lists, items, texts] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/facts/tables/countQuarantine.ts'),
      import('../../observe/facts/tables/listQuarantined.ts'),
      import('../../observe/quarantine/examineQuarantined.ts'),
      import('../observe/quarantineText.ts'),
    ]);
    const hours = countOption(line, 'hours', { usual: 24, most: counts.MAX_QUARANTINE_HOURS });
    const limit = countOption(line, 'rows', { usual: 20, most: MAX_ROWS });
    return withDeployment(line, async (deployment) => {
      if (id !== undefined && day !== undefined) {
        const examined = await items.examineQuarantined(deployment, { id, day });
        writeResult(line, examined, () => texts.examinedText(examined, deployment));
      } else if (reason === undefined) {
        const counted = await counts.countQuarantine(deployment, { hours });
        writeResult(line, counted, () => texts.countsText(counted, deployment));
      } else {
        const times = { from: deployment.now - hours * HOUR_MS, to: deployment.now };
        const page = await lists.listQuarantined(deployment, { ...times, reason }, limit);
        writeResult(line, page, () => texts.rowsText(page, deployment));
      }
      return 0;
    });
  },
};
