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
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_DRIFT'],
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
  const { name } = wanted;
  const { athena } = await doctor.clients();
  try {
    const { WorkGroup = {} } = await doctor.ask('athena:GetWorkGroup', () =>
      athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
    );
    const differing = judgeWorkgroup(WorkGroup, wanted, scanLimitBytes(await doctor.config()));
    return Promise.all(
      differing.map(async ({ detail, options, isWarning = false }) =>
        finding(
          'SLUICE_DOCTOR_DRIFT',
          `${name}: ${detail}.`,
          [await doctor.command(['athena', 'update-work-group', '--work-group', name, ...options])],
          isWarning ? 'warning' : 'problem',
        ),
      ),
    );
  } catch (error) {
    // Athena has no specific error for a workgroup that does not exist.
    if (!isAwsError(error, 'InvalidRequestException')) throw error;
    const commands = await revertDriftCommands(doctor, wanted.logicalId);
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The workgroup ${name}.`, commands)];
  }
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

/** A setting that differs, and the options of the command that sets it. */
interface Differing {
  readonly detail: string;
  readonly options: readonly string[];
  readonly isWarning?: boolean;
}

/** Compares a workgroup with the expected one. */
function judgeWorkgroup(
  { State, Configuration = {} }: Partial<WorkGroup>,
  { results, keyArn }: Wanted,
  bytes: number,
): readonly Differing[] {
  const { OutputLocation = 'none', EncryptionConfiguration } = Configuration.ResultConfiguration ?? {};
  const { EncryptionOption = 'none', KmsKey = '' } = EncryptionConfiguration ?? {};
  const isIn = OutputLocation.replace(/\/?$/, '/').startsWith(results);
  return [
    ...(State === 'ENABLED' ? [] : [{ detail: `it is ${State}`, options: ['--state', 'ENABLED'] }]),
    ...(isIn
      ? []
      : [
          {
            detail: `results go to ${OutputLocation}, expected ${results}`,
            options: updates(`ResultConfigurationUpdates={OutputLocation=${results}}`),
          },
        ]),
    ...(EncryptionOption === 'SSE_KMS' && KmsKey === keyArn
      ? []
      : [
          {
            detail: `results are encrypted with ${`${EncryptionOption} ${KmsKey}`.trim()}, expected SSE_KMS ${keyArn}`,
            options: updates(
              `ResultConfigurationUpdates={EncryptionConfiguration={EncryptionOption=SSE_KMS,KmsKey=${keyArn}}}`,
            ),
          },
        ]),
    ...(Configuration.EnforceWorkGroupConfiguration === true
      ? []
      : [
          {
            detail: 'clients can override its settings',
            options: updates('EnforceWorkGroupConfiguration=true'),
          },
        ]),
    ...(Configuration.BytesScannedCutoffPerQuery === undefined
      ? [
          {
            detail: 'it does not limit what a query scans',
            options: updates(`BytesScannedCutoffPerQuery=${bytes}`),
            isWarning: true,
          },
        ]
      : []),
  ];
}

/** Workgroups that no stack creates: `primary`, which OWOX uses, and those that the configuration names for readers. */
export const owoxWorkgroup: Check = {
  name: 'owox-workgroup',
  expects:
    'the workgroup `primary`, if OWOX reads, and a configured `workgroup` of a reader is enabled and lets clients choose the result location',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_PRIMARY_UNFIT'],
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
    judgePrimary(WorkGroup ?? {}).map(async ({ detail, options }) =>
      finding('SLUICE_DOCTOR_PRIMARY_UNFIT', `${name} ${detail}.`, [
        await doctor.command(['athena', 'update-work-group', '--work-group', name, ...options]),
      ]),
    ),
  );
}

/** Judges a workgroup that no stack creates: the account's for queries that name none, or another. */
export function judgePrimary({ State, Configuration = {} }: Partial<WorkGroup>): readonly Differing[] {
  const { EnforceWorkGroupConfiguration: enforced, ResultConfiguration } = Configuration;
  return [
    ...(State === 'DISABLED' ? [{ detail: `is ${State}`, options: ['--state', 'ENABLED'] }] : []),
    ...(enforced === true
      ? [
          {
            detail: `enforces ${ResultConfiguration?.OutputLocation ?? 'settings without a location'}`,
            options: updates('EnforceWorkGroupConfiguration=false'),
          },
        ]
      : []),
  ];
}
