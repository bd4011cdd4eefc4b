import {
  assertNoArguments,
  type Command,
  type CommandLine,
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

/** `sluice quarantine`: what was refused, by reason, and the rows of a reason. */
export const quarantine: Command = {
  name: 'quarantine',
  summary: 'Show what was refused: reasons, the rows of one, and what a redrive of a row would do.',
  usage:
    'sluice quarantine [--reason CODE | --item ID --day DAY] [--hours N] [--local] [--stage NAME] [options]',
  options: {
    reason: { type: 'string', help: 'list the rows of this reason (default: count by reason)' },
    hours: { type: 'string', help: 'received in the last N hours (default 24, at most 2160)' },
    rows: { type: 'string', help: 'reason: rows to list (default 20)' },
    item: {
      type: 'string',
      help: 'examine one row by its quarantine_id: would it land if it were redriven?',
    },
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
    const [reason, item] = [textOption(line, 'reason'), textOption(line, 'item')];
    if (reason !== undefined && item !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--reason and --item: expected only one of them.');
    if (item !== undefined) return examine(line, item);
    if (textOption(line, 'day') !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--day without --item.');
    return reason === undefined ? countReasons(line) : listRows(line, reason);
  },
};

async function countReasons(line: CommandLine): Promise<number> {
  if (textOption(line, 'rows') !== undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--rows without --reason.');
  const hours = await hoursOption(line);
  const [{ withDeployment }, { countQuarantine }, { countsText }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/facts/tables/countQuarantine.ts'),
    import('../observe/quarantineText.ts'),
  ]);
  return withDeployment(line, async (deployment) => {
    const counts = await countQuarantine(deployment, { hours });
    writeResult(line, counts, () => countsText(counts, deployment));
    return 0;
  });
}

async function listRows(line: CommandLine, reason: string): Promise<number> {
  const hours = await hoursOption(line);
  const limit = countOption(line, 'rows', { usual: 20, most: MAX_ROWS });
  const [{ withDeployment }, { listQuarantined }, { rowsText }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/facts/tables/listQuarantined.ts'),
    import('../observe/quarantineText.ts'),
  ]);
  return withDeployment(line, async (deployment) => {
    const from = deployment.now - hours * HOUR_MS;
    const page = await listQuarantined(deployment, { from, to: deployment.now, reason }, limit);
    writeResult(line, page, () => rowsText(page, deployment));
    return 0;
  });
}

async function examine(line: CommandLine, id: string): Promise<number> {
  const strays = ['rows', 'hours'].filter((name) => textOption(line, name) !== undefined);
  if (strays.length > 0)
    throw new UsageError('SLUICE_USAGE_OPTIONS', `--item and --${strays[0]}: expected only one of them.`);
  const day = dayOption(line, 'day');
  if (day === undefined)
    throw new UsageError('SLUICE_USAGE_OPTIONS', '--item: expected its day as --day, too.');
  const [{ withDeployment }, { examineQuarantined }, { examinedText }] = await Promise.all([
    import('../aws/withDeployment.ts'),
    import('../../observe/quarantine/examineQuarantined.ts'),
    import('../observe/quarantineText.ts'),
  ]);
  return withDeployment(line, async (deployment) => {
    const examined = await examineQuarantined(deployment, { id, day });
    writeResult(line, examined, () => examinedText(examined, deployment));
    return examined.redrive.outcome === 'delivered' ? 0 : 3;
  });
}

async function hoursOption(line: CommandLine): Promise<number> {
  const { MAX_QUARANTINE_HOURS } = await import('../../observe/facts/tables/countQuarantine.ts');
  return countOption(line, 'hours', { usual: 24, most: MAX_QUARANTINE_HOURS });
}
