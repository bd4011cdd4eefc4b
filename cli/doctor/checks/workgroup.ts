import { GetWorkGroupCommand, type WorkGroup } from '@aws-sdk/client-athena';
import { QUERY_RESULTS_FOLDER } from '../../../lib/layout/queryResultsFolder.ts';
import { isAnswer } from '../askAws.ts';
import type { Check } from '../Check.ts';
import { type Finding, finding } from '../Finding.ts';

/** As Athena counts. */
const BYTES_A_GIGABYTE = 1_000_000_000;

export const workgroup: Check = {
  name: 'workgroup',
  expects: 'the Athena workgroup is enabled, enforces its result location, and limits what a query scans',
  needs: ['stack'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_WORKGROUP_MISSING',
    'SLUICE_DOCTOR_WORKGROUP_DISABLED',
    'SLUICE_DOCTOR_WORKGROUP_RESULTS',
    'SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED',
    'SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF',
  ],
  permissions: ['athena:GetWorkGroup'],
  async run(visit) {
    const { athena: wanted, bucket } = await visit.config();
    const { athena } = await visit.clients();
    const results = `s3://${bucket}/${QUERY_RESULTS_FOLDER}`;
    let findings: Finding[];
    try {
      const { WorkGroup } = await visit.ask('athena:GetWorkGroup', () =>
        athena.send(new GetWorkGroupCommand({ WorkGroup: wanted.workgroup })),
      );
      findings = judgeWorkgroup(WorkGroup ?? { Name: wanted.workgroup }, results);
    } catch (error) {
      // Athena has no other name for a workgroup that isn't there.
      if (!isAnswer(error, 'InvalidRequestException')) throw error;
      return [finding('SLUICE_DOCTOR_WORKGROUP_MISSING', `${wanted.workgroup}.`)];
    }
    const bytes = Math.round(wanted.scanLimitGigabytes * BYTES_A_GIGABYTE);
    const options: Partial<Record<Finding['code'], readonly string[]>> = {
      SLUICE_DOCTOR_WORKGROUP_DISABLED: ['--state', 'ENABLED'],
      SLUICE_DOCTOR_WORKGROUP_RESULTS: updates(`ResultConfigurationUpdates={OutputLocation=${results}}`),
      SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED: updates('EnforceWorkGroupConfiguration=true'),
      SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF: updates(`BytesScannedCutoffPerQuery=${bytes}`),
    };
    const words = ['athena', 'update-work-group', '--work-group', wanted.workgroup];
    return Promise.all(
      findings.map(async (found) => ({
        ...found,
        commands: [await visit.command([...words, ...(options[found.code] ?? [])])],
      })),
    );
  },
};

function updates(shorthand: string): readonly string[] {
  return ['--configuration-updates', shorthand];
}

/** Judges a workgroup. @param results Where results must go: `s3://<bucket>/query-results/`. */
export function judgeWorkgroup(
  { Name = '', State, Configuration = {} }: Partial<WorkGroup>,
  results: string,
): Finding[] {
  const findings: Finding[] = [];
  if (State !== 'ENABLED') findings.push(finding('SLUICE_DOCTOR_WORKGROUP_DISABLED', `${Name} is ${State}.`));
  const location = Configuration.ResultConfiguration?.OutputLocation ?? 'none';
  if (!location.replace(/\/?$/, '/').startsWith(results))
    findings.push(
      finding('SLUICE_DOCTOR_WORKGROUP_RESULTS', `${Name}: came ${location}, expected ${results}.`),
    );
  if (Configuration.EnforceWorkGroupConfiguration !== true)
    findings.push(finding('SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED', `${Name}.`));
  if (Configuration.BytesScannedCutoffPerQuery === undefined)
    findings.push(finding('SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF', `${Name}.`));
  return findings;
}
