import { monitorFindings } from '../../lib/monitors/monitorFindings.ts';
import { checks, checksBeforeDeploy } from '../../observe/doctor/checks.ts';
import type { Check } from '../../observe/doctor/runChecks.ts';
import { findingCatalogue } from '../../observe/findings.ts';
import { withRows } from './withRows.ts';

/**
 * docs/doctor.md with the rows of its three tables written anew: the checks, those before a deployment, and the findings.
 * All other text stays.
 *
 * @throws RangeError for a page without one of these tables.
 */
export function doctorPage(page: string): string {
  const before = checksBeforeDeploy.filter((check) => !checks.includes(check));
  const findings = Object.entries(findingCatalogue)
    .filter(([code]) => !Object.hasOwn(monitorFindings, code))
    .map(([code, { severity, cause, cure }]) => `| \`${code}\` | ${severity} | ${cause} | ${cure} |`);
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
