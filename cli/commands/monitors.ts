import { visibleLine } from '../../lib/base/text.ts';
import type { monitorsJson } from '../../observe/monitors/monitors.ts';
import { assertNoArguments, type Command, targetOptions } from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

/** Entries of the history that people see; `--json` has all. */
const HISTORY_SHOWN = 20;

/** `sluice monitors`: what monitors found, and acknowledging it. */
export const monitors: Command = {
  name: 'monitors',
  summary:
    'List what monitors found, and what they told. Acknowledge findings: nothing more is told of them.',
  usage: 'sluice monitors [--acknowledge ID …] [--check] [--local] [--stage NAME] [options]',
  options: {
    acknowledge: {
      type: 'string',
      multiple: true,
      help: 'ID of an open finding; may be given several times',
    },
    check: { type: 'boolean', help: 'exit with 3 if findings are open that nobody has acknowledged' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object' },
  },
  examples: ['sluice monitors --stage prod', 'sluice monitors --acknowledge m12 --stage prod'],
  changes: ({ values }) => values['acknowledge'] !== undefined,
  async run(line) {
    assertNoArguments(line.positionals);
    const ids = [line.values['acknowledge'] ?? []].flat().map(String);
    const [
      { withDeployment },
      { commandOptions },
      { monitorReport, monitorsJson: json, readMonitors },
      operate,
    ] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../aws/target.ts'),
      import('../../observe/monitors/monitors.ts'),
      import('../../operate/monitors.ts'),
    ]);
    const report = await withDeployment(line, async (deployment) =>
      ids.length === 0
        ? readMonitors(deployment)
        : monitorReport(deployment, await operate.acknowledgeFindings(deployment, ids)),
    );
    const shown = json(report, commandOptions(line));
    writeResult(line, shown, () => monitorsText(shown));
    const isOpen = report.open.some(({ acknowledged }) => acknowledged === null);
    return line.values['check'] === true && isOpen ? 3 : 0;
  },
};

function monitorsText({ on, monitors: looks, open, history }: ReturnType<typeof monitorsJson>): string {
  const parts = [
    ...(on ? [] : ['Monitors are off: set `monitors: {}` in sluice.config.ts (docs/monitors.md).\n']),
    open.length === 0 ? 'Nothing is open.\n' : `${open.length} open:\n`,
    ...open.map(
      ({ id, code, since, acknowledged, text, command }) =>
        `\n${id} ${code} since ${since}${acknowledged === null ? '' : ` (acknowledged ${acknowledged})`}\n  ${visibleLine(text)}\n  ${visibleLine(command)}\n`,
    ),
    ...(history.length === 0
      ? []
      : [
          `\nHistory${history.length > HISTORY_SHOWN ? `, the last ${HISTORY_SHOWN} of ${history.length}` : ''}:\n`,
          textTable(
            history.slice(0, HISTORY_SHOWN).map(({ at, what, id, code, subject }) => ({
              at,
              what,
              id,
              code,
              subject: visibleLine(subject),
            })),
          ),
        ]),
    '\n',
    textTable(
      looks.map(({ monitor, on: isOn, looked_at, failed }) => ({
        ...{ monitor, on: isOn ? 'yes' : 'no', looked_at: looked_at ?? 'never', failed: failed ?? '' },
      })),
    ),
  ];
  return parts.join('');
}
