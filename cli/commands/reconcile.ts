import { type UtcDay, utcDay } from '../../lib/base/time.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import { judgedHours } from '../../observe/facts/receivedHours.ts';
import { withDeployment } from '../aws/withDeployment.ts';
import { hoursText } from '../observe/hoursText.ts';
import { type Command, dayOption, PROBLEMS_FOUND, targetOptions } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice reconcile`: whether everything that was accepted is in the tables. */
export const reconcile: Command = {
  name: 'reconcile',
  summary: 'Say whether all events that the collector accepted are in their tables.',
  options: {
    day: { type: 'string', help: 'UTC day of receipt, YYYY-MM-DD (default: today)' },
    deep: {
      type: 'boolean',
      help: 'look at rows now, and keep what they prove (default: as the last night has, if one has)',
    },
    ...targetOptions,
  },
  examples: ['sluice reconcile --stage prod --day 2026-11-20', 'sluice reconcile --stage prod --deep'],
  async run(line) {
    const asked = dayOption(line, 'day');
    const observe = await import('../../observe/reconcile/reconcile.ts');
    return withDeployment(line, async (deployment) => {
      const day = asked ?? utcDay(deployment.now);
      const judged = line.values['deep'] === true ? [] : await judgedHours(deployment, [day]);
      const hours = judged.length > 0 ? judged : await observe.reconcile(deployment, day);
      const closes = hours.every(({ state }) => state !== 'short');
      writeResult<ReconciledDay>(line, { closes, day, hours }, () => hoursText(day, hours));
      return closes ? 0 : PROBLEMS_FOUND;
    });
  },
};

/** The received hours of a day. */
interface ReconciledDay {
  /** Whether no hour is short. */
  readonly closes: boolean;
  /** The day of receipt, UTC. */
  readonly day: UtcDay;
  /** Its hours, with all columns of `received_hours`: docs/reference/tables.md. */
  readonly hours: readonly ReceivedHour[];
}
