import { checks, checksBeforeDeploy } from '../../observe/doctor/checks.ts';
import { doctorFindings } from '../../observe/doctor/findings.ts';
import type { Check } from '../../observe/doctor/runChecks.ts';

/**
 * docs/doctor.md with the rows of its three tables written anew: the checks, those before a deployment, and the findings.
 * All other text stays.
 *
 * @throws RangeError for a page without one of these tables.
 */
export function doctorPage(page: string): string {
  const before = checksBeforeDeploy.filter((check) => !checks.includes(check));
  const findings = Object.entries(doctorFindings).map(
    ([code, { severity, cause, cure }]) => `| \`${code}\` | ${severity} | ${cause} | ${cure} |`,
  );
  return withRows(
    withRows(
      withRows(page, 'check', checks.map(checkRow)),
      'check before the deployment',
      before.map(checkRow),
    ),
    'code',
    findings,
  );
}

function checkRow({ name, expects, permissions }: Check): string {
  const actions = permissions.map((permission) => `\`${permission}\``).join(', ');
  return `| \`${name}\` | ${expects} | ${actions || 'nothing'} |`;
}

/** @param heading The first of the table's headings. */
function withRows(page: string, heading: string, rows: readonly string[]): string {
  const lines = page.split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (first < 0) throw new RangeError(`docs/doctor.md has no table of "${heading}".`);
  // Below the headings is the line of dashes.
  const from = first + 2;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  return [...lines.slice(0, from), ...rows, ...lines.slice(length < 0 ? lines.length : from + length)].join(
    '\n',
  );
}
