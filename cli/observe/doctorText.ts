import type { Stack } from '@aws-sdk/client-cloudformation';
import { visibleLine } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import { deployedVersion } from '../../observe/doctor/checks/stack.ts';
import { type Verdict, verdictOf } from '../../observe/doctor/report.ts';
import type { Outcome } from '../../observe/doctor/runChecks.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';

/** Marks printed in front of a check's name. */
const MARKS = { fine: 'ok', problem: 'PROBLEM', warning: 'warning', unchecked: 'not checked' } as const;

/** The first line: the version of this working tree, and the one that deployed the stack if there is a stack. */
export function versionText(stackName: string, stack: Stack | undefined): string {
  const deployed =
    stack === undefined
      ? ''
      : ` ${stackName} was deployed by ${visibleLine(deployedVersion(stack) ?? 'a version before 0.3.0')}.`;
  return `This is Sluice ${VERSION}.${deployed}\n\n`;
}

/** The versions for `--json`: `deployedVersion` is null for a stack that does not name its version, and missing without a stack. */
export function versionsJson(stack: Stack | undefined) {
  return {
    version: VERSION,
    ...(stack === undefined ? {} : { deployedVersion: deployedVersion(stack) ?? null }),
  };
}

/** A check as lines for a terminal: one line, and below it findings with cause, cure and commands. */
export function outcomeText(outcome: Outcome): string {
  const { check, findings } = outcome;
  const head = `${MARKS[verdictOf(outcome)].padEnd(12)} ${check.name.padEnd(16)} ${check.expects}`;
  return `${[head, ...findings.flatMap((one) => findingLines(one, 6).map((line, i) => (i === 0 ? `    ${line}` : line)))].join('\n')}\n`;
}

/** Whether a check was skipped because another one must pass first. */
export function isSkipped({ findings }: Outcome): boolean {
  return findings.length > 0 && findings.every(({ code }) => code === 'SLUICE_DOCTOR_SKIPPED');
}

/** The checks that were skipped, together: a line for each would hide what they wait for. Empty if there are none. */
export function skippedText(outcomes: readonly Outcome[]): string {
  const skipped = outcomes.filter(isSkipped);
  const [first] = skipped.flatMap(({ findings }) => findings);
  if (first === undefined) return '';
  const names = skipped.map(({ check }) => check.name);
  const needed = new Set(
    skipped.flatMap(({ findings }) => findings.map(({ detail }) => detail.replace(/\.$/, ''))),
  );
  const failed = [...needed].filter((name) => !names.includes(name));
  const [head, count] = [
    MARKS.unchecked.padEnd(12),
    names.length === 1 ? '1 check' : `${names.length} checks`,
  ];
  return `${head} ${count}: ${names.join(', ')}\n    ${first.code}: ${first.cause} ${failed.join(', ')}.\n`;
}

/** The last line: the number of checks with each verdict. */
export function summaryText(outcomes: readonly Outcome[], where: string): string {
  const verdicts = outcomes.map(verdictOf);
  const count = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length;
  return `\n${outcomes.length} checks of ${where}: ${count('fine')} ok, ${count('problem')} with problems, ${count('warning')} with warnings, ${count('unchecked')} not made.\n`;
}

/**
 * A finding for a terminal: code, cause and detail in the first line; below it the cure, the commands, and the section of
 * docs/operate.md.
 *
 * @param indent Spaces before each line but the first.
 */
export function findingLines(found: Finding, indent: number): readonly string[] {
  const { code, severity, cause, detail, cure, commands, section } = found;
  const first = `${code}: ${cause} ${visibleLine(detail)}`.trimEnd();
  if (severity === 'unchecked' && commands.length === 0) return [first];
  const more = [
    cure,
    ...commands.map((command) => `$ ${visibleLine(command)}`),
    ...(section === null ? [] : [`See docs/operate.md, "${section}".`]),
  ];
  return [first, ...more.map((line) => `${' '.repeat(indent)}${line}`)];
}
