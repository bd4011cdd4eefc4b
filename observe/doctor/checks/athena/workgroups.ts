import { GetWorkGroupCommand, type WorkGroup } from '@aws-sdk/client-athena';
import { readerId } from '../../../../infra/readers/readers.ts';
import { logicalIds } from '../../../../infra/template/Stack.ts';
import { hasOwnWorkgroup, readerWorkgroup } from '../../../../lib/access/readerStatements.ts';
import { scanLimitBytes } from '../../../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../../../lib/schema/fields/athena.ts';
import { QUERY_RESULTS_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { type Finding, finding } from '../../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import type { DoctorContext } from '../../DoctorContext.ts';
import { revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';

/** The stack's workgroups or existing ones: they separate results and limit what a query scans. */
export const workgroup: Check = {
  name: 'workgroup',
  expects:
    'the Athena workgroups of people and readers are enabled, enforce their result location, encrypt results with the key, and limit what a query scans',
  needs: ['stack'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_WORKGROUP_MISSING',
    'SLUICE_DOCTOR_WORKGROUP_DISABLED',
    'SLUICE_DOCTOR_WORKGROUP_RESULTS',
    'SLUICE_DOCTOR_WORKGROUP_ENCRYPTION',
    'SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED',
    'SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF',
  ],
  permissions: ['athena:GetWorkGroup', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    const { bucket, readers, athena: of } = config;
    const ofReaders = readers
      .filter(hasOwnWorkgroup)
      .map((reader) => ({ ...readerWorkgroup(of, reader), logicalId: readerId(reader, 'Workgroup') }));
    const ofPeople = {
      workgroup: of.workgroup,
      resultsFolder: QUERY_RESULTS_FOLDER,
      logicalId: logicalIds.workgroup,
    };
    const keyArn = await doctor.keyArn();
    const findings: Finding[] = [];
    for (const { workgroup: name, resultsFolder, logicalId } of [ofPeople, ...ofReaders])
      findings.push(
        ...(await checkWorkgroup(doctor, {
          name,
          logicalId,
          results: `s3://${bucket}/${resultsFolder}`,
          keyArn,
        })),
      );
    return findings;
  },
};

async function checkWorkgroup(
  doctor: DoctorContext,
  wanted: Wanted & { readonly logicalId: string },
): Promise<Finding[]> {
  const { name, results, keyArn } = wanted;
  const { athena } = await doctor.clients();
  let findings: Finding[];
  try {
    const { WorkGroup } = await doctor.ask('athena:GetWorkGroup', () =>
      athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
    );
    findings = judgeWorkgroup(WorkGroup ?? {}, wanted);
  } catch (error) {
    // Athena has no specific error for a workgroup that does not exist.
    if (!isAwsError(error, 'InvalidRequestException')) throw error;
    const commands = await revertDriftCommands(doctor, wanted.logicalId);
    return [finding('SLUICE_DOCTOR_WORKGROUP_MISSING', `${name}.`, commands)];
  }
  const bytes = scanLimitBytes(await doctor.config());
  const options: Partial<Record<Finding['code'], readonly string[]>> = {
    SLUICE_DOCTOR_WORKGROUP_DISABLED: ['--state', 'ENABLED'],
    SLUICE_DOCTOR_WORKGROUP_RESULTS: updates(`ResultConfigurationUpdates={OutputLocation=${results}}`),
    SLUICE_DOCTOR_WORKGROUP_ENCRYPTION: updates(
      `ResultConfigurationUpdates={EncryptionConfiguration={EncryptionOption=SSE_KMS,KmsKey=${keyArn}}}`,
    ),
    SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED: updates('EnforceWorkGroupConfiguration=true'),
    SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF: updates(`BytesScannedCutoffPerQuery=${bytes}`),
  };
  const words = ['athena', 'update-work-group', '--work-group', name];
  return Promise.all(
    findings.map(async (found) => ({
      ...found,
      commands: [await doctor.command([...words, ...(options[found.code] ?? [])])],
    })),
  );
}

function updates(shorthand: string): readonly string[] {
  return ['--configuration-updates', shorthand];
}

/** The workgroup that is expected. */
interface Wanted {
  readonly name: string;
  /** Where results must go, for people `s3://<bucket>/query-results/`. */
  readonly results: string;
  /** Key that results must be encrypted with. */
  readonly keyArn: string;
}

/** Compares a workgroup with the expected one. */
function judgeWorkgroup(
  { State, Configuration = {} }: Partial<WorkGroup>,
  { name: Name, results, keyArn }: Wanted,
): Finding[] {
  const findings: Finding[] = [];
  if (State !== 'ENABLED') findings.push(finding('SLUICE_DOCTOR_WORKGROUP_DISABLED', `${Name} is ${State}.`));
  const location = Configuration.ResultConfiguration?.OutputLocation ?? 'none';
  if (!location.replace(/\/?$/, '/').startsWith(results))
    findings.push(
      finding('SLUICE_DOCTOR_WORKGROUP_RESULTS', `${Name}: got ${location}, expected ${results}.`),
    );
  const { EncryptionOption = 'none', KmsKey = '' } =
    Configuration.ResultConfiguration?.EncryptionConfiguration ?? {};
  if (EncryptionOption !== 'SSE_KMS' || KmsKey !== keyArn) {
    const found = `${EncryptionOption} ${KmsKey}`.trim();
    findings.push(
      finding('SLUICE_DOCTOR_WORKGROUP_ENCRYPTION', `${Name}: got ${found}, expected SSE_KMS ${keyArn}.`),
    );
  }
  if (Configuration.EnforceWorkGroupConfiguration !== true)
    findings.push(finding('SLUICE_DOCTOR_WORKGROUP_NOT_ENFORCED', `${Name}.`));
  if (Configuration.BytesScannedCutoffPerQuery === undefined)
    findings.push(finding('SLUICE_DOCTOR_WORKGROUP_NO_CUTOFF', `${Name}.`));
  return findings;
}

/** Workgroups that no stack creates: `primary`, which OWOX uses, and those that the configuration names for readers. */
export const owoxWorkgroup: Check = {
  name: 'owox-workgroup',
  expects:
    'the workgroup `primary`, if OWOX reads, and a configured `workgroup` of a reader is enabled and lets clients choose the result location',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_PRIMARY_DISABLED', 'SLUICE_DOCTOR_PRIMARY_ENFORCED'],
  permissions: ['athena:GetWorkGroup'],
  async run(doctor) {
    const { readers } = await doctor.config();
    const names = readers.flatMap((reader) =>
      reader.kind === 'owox' ? [PRIMARY_WORKGROUP] : (reader.workgroup ?? []),
    );
    return checkEach(
      [...new Set(names)],
      (name) => checkForeign(doctor, name),
      (impossible) => impossible.finding,
    );
  },
};

async function checkForeign(doctor: DoctorContext, name: string): Promise<Finding[]> {
  const { athena } = await doctor.clients();
  const { WorkGroup } = await doctor.ask('athena:GetWorkGroup', () =>
    athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
  );
  return Promise.all(
    judgePrimary(WorkGroup ?? {}, name).map(async (found) => ({
      ...found,
      commands: [
        await doctor.command(['athena', 'update-work-group', '--work-group', name, ...REPAIRS[found.code]]),
      ],
    })),
  );
}

const REPAIRS = {
  SLUICE_DOCTOR_PRIMARY_DISABLED: ['--state', 'ENABLED'],
  SLUICE_DOCTOR_PRIMARY_ENFORCED: ['--configuration-updates', 'EnforceWorkGroupConfiguration=false'],
} as const;

/** Judges a workgroup that no stack creates: the account's for queries that name none, or another. */
export function judgePrimary(
  { State, Configuration = {} }: Partial<WorkGroup>,
  name: string = PRIMARY_WORKGROUP,
): (Finding & { readonly code: keyof typeof REPAIRS })[] {
  const { EnforceWorkGroupConfiguration: enforced, ResultConfiguration } = Configuration;
  const found = (code: keyof typeof REPAIRS, detail: string) => ({ ...finding(code, detail), code });
  return [
    ...(State === 'DISABLED' ? [found('SLUICE_DOCTOR_PRIMARY_DISABLED', `${name} is ${State}.`)] : []),
    ...(enforced === true
      ? [
          found(
            'SLUICE_DOCTOR_PRIMARY_ENFORCED',
            `${name} enforces ${ResultConfiguration?.OutputLocation ?? 'settings without a location'}.`,
          ),
        ]
      : []),
  ];
}
