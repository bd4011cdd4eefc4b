import { visibleLine } from '../../lib/base/text.ts';
import type { Diagnosis, LookedAt, Verdict } from '../../observe/doctor/diagnose.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { detailBesideTitle } from '../../observe/findings/detailBesideTitle.ts';

/** Marks printed in front of a check's name. */
const MARKS = { fine: 'ok', problem: 'PROBLEM', warning: 'warning', unchecked: 'not checked' } as const;

/** Columns of a mark, and of a check's name behind it. */
const WIDTHS = { mark: 12, name: 16 } as const;
/** Spaces before the first line of a finding below its check, and before its other lines. */
const INDENTS = { first: 4, others: 6 } as const;

/** What was looked at as lines for a terminal: one line, and below it findings with cause, cure and commands. */
export function lookText({ check, expects, verdict, findings }: LookedAt): string {
  const head = `${MARKS[verdict].padEnd(WIDTHS.mark)} ${check.padEnd(WIDTHS.name)} ${expects}`;
  const lines = findings.flatMap((finding) => {
    const [first, ...others] = findingLines(finding, INDENTS.others);
    return [`${' '.repeat(INDENTS.first)}${first}`, ...others];
  });
  return [head, ...lines, ''].join('\n');
}

/** What was skipped, and the last line: the number of checks with each verdict. */
export function summaryText({ checks, skipped }: Diagnosis, where: string): string {
  const count = (wanted: Verdict) => checks.filter(({ verdict }) => verdict === wanted).length;
  const others =
    skipped.length === 0
      ? ''
      : `${MARKS.unchecked.padEnd(WIDTHS.mark)} ${skipped.join(', ')}\n    Something that they need is missing: see above.\n`;
  return `${others}\n${checks.length + skipped.length} checks of ${where}: ${count('fine')} ok, ${count('problem')} with problems, ${count('warning')} with warnings, ${count('unchecked') + skipped.length} not made.\n`;
}

/**
 * A finding for a terminal: code and title in the first line; below it the figures that the title leaves out, the cause, the cure,
 * the commands, and the section of docs/operate.md.
 *
 * @param indent Spaces before each line except the first.
 */
export function findingLines(found: Finding, indent: number): readonly string[] {
  const { code, severity, title, cause, cure, commands, section } = found;
  const first = `${code}: ${visibleLine(title)}`;
  if (severity === 'unchecked' && commands.length === 0) return [first];
  const detail = detailBesideTitle(found);
  const more = [
    ...(detail === null ? [] : [visibleLine(detail)]),
    cause,
    cure,
    ...commands.map((command) => `$ ${visibleLine(command)}`),
    ...(section === null ? [] : [`See docs/operate.md, "${section}".`]),
  ];
  return [first, ...more.map((line) => `${' '.repeat(indent)}${line}`)];
}
