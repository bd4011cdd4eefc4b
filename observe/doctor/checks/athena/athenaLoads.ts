import { GetWorkGroupCommand, type WorkGroup } from '@aws-sdk/client-athena';
import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import { catalog } from '../../../../infra/data/catalog.ts';
import { logicalIds } from '../../../../infra/template/Stack.ts';
import {
  arnIn,
  bucketArn,
  catalogArns,
  iamArn,
  kmsViaS3,
  policyScope,
  workgroupArn,
} from '../../../../lib/access/arns.ts';
import { loadWorkgroup, scratchDatabase, scratchPrefix } from '../../../../lib/drops/athena/AthenaPlan.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { athenaObstacle, usesAthena } from '../../../../lib/schema/sources.ts';
import { loadsFolder } from '../../../../lib/tables/objectKeys.ts';
import { ingestedTableFolder } from '../../../../lib/tables/tableFolders.ts';
import { type Finding, finding } from '../../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import type { DoctorContext, Identity } from '../../DoctorContext.ts';
import { createDatabaseCommands, revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';
import { type SimulatedAction, simulate, wrongResources } from '../../simulate.ts';

/**
 * Checks what a day's load by Athena needs: the workgroup of loads, the database of their tables, and the permissions
 * of the load's role, by IAM's simulator. Customers' buckets are not asked: they allow the load, not the doctor's
 * caller.
 */
export const athenaLoads: Check = {
  name: 'athena-loads',
  expects:
    'if a dataset may be loaded by Athena, the workgroup and the database of loads are as deployed, and the role of `ingest-load` may use them, by simulation',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_DRIFT', 'SLUICE_DOCTOR_READER_DENIED'],
  permissions: [
    'athena:GetWorkGroup',
    'glue:GetDatabase',
    'iam:SimulatePrincipalPolicy',
    'cloudformation:ListStackResources',
  ],
  async run(doctor) {
    const config = await doctor.config();
    if (!usesAthena(config)) return [];
    return checkEach(
      [judgeWorkgroup, judgeDatabase, judgeRole],
      (judge) => judge(doctor, config),
      (impossible) => impossible.finding,
    );
  },
};

async function judgeWorkgroup(doctor: DoctorContext, config: Config): Promise<readonly Finding[]> {
  const { athena } = await doctor.clients();
  const name = loadWorkgroup(config);
  let found: WorkGroup;
  try {
    const { WorkGroup = { Name: name } } = await doctor.ask('athena:GetWorkGroup', () =>
      athena.send(new GetWorkGroupCommand({ WorkGroup: name })),
    );
    found = WorkGroup;
  } catch (error) {
    // Athena has no specific error for a workgroup that does not exist.
    if (!isAwsError(error, 'InvalidRequestException')) throw error;
    const commands = await revertDriftCommands(doctor, logicalIds.loadWorkgroup);
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The workgroup ${name}.`, commands)];
  }
  const { State, Configuration = {} } = found;
  const bytes = config.athena.loadScanLimitGigabytes * 1e9;
  const { BytesScannedCutoffPerQuery: cutoff, EnforceWorkGroupConfiguration: isEnforced } = Configuration;
  const update = ['athena', 'update-work-group', '--work-group', name];
  const differs = async (detail: string, ...options: readonly string[]) =>
    finding('SLUICE_DOCTOR_DRIFT', `${name}: ${detail}.`, [await doctor.command([...update, ...options])]);
  return [
    ...(State === 'ENABLED' ? [] : [await differs(`it is ${State}`, '--state', 'ENABLED')]),
    // A session may write to the folder of its own dataset alone, which an enforced location is not.
    ...(isEnforced === true
      ? [
          await differs(
            'it enforces its own location of results',
            ...['--configuration-updates', 'EnforceWorkGroupConfiguration=false'],
          ),
        ]
      : []),
    ...(cutoff === bytes
      ? []
      : [
          await differs(
            `a statement may scan ${cutoff ?? 'any number of'} bytes, expected ${bytes}`,
            ...['--configuration-updates', `BytesScannedCutoffPerQuery=${bytes}`],
          ),
        ]),
  ];
}

async function judgeDatabase(doctor: DoctorContext, config: Config): Promise<readonly Finding[]> {
  const { glue } = await doctor.clients();
  const name = scratchDatabase(config);
  try {
    await doctor.ask('glue:GetDatabase', () => glue.send(new GetDatabaseCommand({ Name: name })));
    return [];
  } catch (error) {
    if (!isAwsError(error, 'EntityNotFoundException')) throw error;
    const logicalId = logicalIds.scratchDatabase;
    const resource = catalog({ config, ...doctor.stack })[logicalId];
    const commands = await createDatabaseCommands(doctor, { logicalId, resource });
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The database ${name}.`, commands)];
  }
}

async function judgeRole(doctor: DoctorContext, config: Config): Promise<readonly Finding[]> {
  const role = (await doctor.resources()).get(logicalIds.loadRole)?.physicalId;
  // Without the role nothing is loaded at all, which the check of the stack reports.
  if (role === undefined) return [];
  const identity = await doctor.identity();
  const keyArn = await doctor.keyArn();
  const findings: Finding[] = [];
  for (const wanted of neededActions(config, { ...identity, keyArn })) {
    const results = await simulate(doctor, iamArn(identity, `role/${role}`), wanted);
    const denied = wrongResources(wanted, results, true);
    if (denied.length > 0)
      findings.push(
        finding(
          'SLUICE_DOCTOR_READER_DENIED',
          `${role}: ${wanted.action} on ${denied.join(', ')}.`,
          await revertDriftCommands(doctor, logicalIds.loadRole),
        ),
      );
  }
  return findings;
}

/** Samples of what a load by Athena does: one table of each source that Athena can read. */
function neededActions(
  config: Config,
  where: Pick<Identity, 'partition' | 'account' | 'region'> & { readonly keyArn: string },
): readonly SimulatedAction[] {
  const scope = policyScope(config, where);
  const viaS3 = { 'kms:ViaService': kmsViaS3(scope) };
  const objects = (bucket: string, folder: string) => `${bucketArn(scope, bucket)}/${folder}x`;
  const on = (
    resources: readonly string[],
    actions: readonly string[],
    context: SimulatedAction['context'] = {},
  ) => actions.map((action) => ({ action, resources, context }));
  const loaded = config.sources.flatMap((source) => {
    const dataset = source.datasets.find(({ engine }) => engine !== 'lambda');
    const isReadable = athenaObstacle(source, config.region) === null;
    return dataset !== undefined && isReadable ? [{ source, dataset }] : [];
  });
  const database = scratchDatabase(config);
  return [
    ...on(
      [workgroupArn(scope, loadWorkgroup(config))],
      [
        ...['athena:StartQueryExecution', 'athena:GetQueryExecution'],
        ...['athena:GetQueryResults', 'athena:StopQueryExecution'],
      ],
    ),
    // Athena looks at both before any query.
    ...on(
      ['catalog', 'database/default', `database/${database}`].map((part) => arnIn(scope, 'glue', part)),
      ['glue:GetDatabase'],
    ),
    ...on([bucketArn(scope, config.bucket)], ['s3:GetBucketLocation', 's3:ListBucketMultipartUploads']),
    ...on([where.keyArn], ['kms:Decrypt', 'kms:GenerateDataKey'], viaS3),
    ...loaded.flatMap(({ source, dataset: { table, folder } }) => {
      const { bucket, owner, kmsKeyArn } = source;
      // If there are many sources, the role names the accounts that own their buckets.
      const theirs = { 'aws:ResourceAccount': owner ?? where.account };
      const written = [loadsFolder(table), ingestedTableFolder(config, table)];
      return [
        ...on(catalogArns(scope, database, `${scratchPrefix(table)}x`), [
          ...['glue:CreateTable', 'glue:GetTable', 'glue:DeleteTable'],
        ]),
        ...on(
          written.map((prefix) => objects(config.bucket, prefix)),
          ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        ),
        ...on([bucketArn(scope, bucket)], ['s3:GetBucketLocation', 's3:ListBucket'], theirs),
        ...on([objects(bucket, `${folder}/`)], ['s3:GetObject'], theirs),
        ...(kmsKeyArn === undefined ? [] : on([kmsKeyArn], ['kms:Decrypt'], { ...viaS3, ...theirs })),
      ];
    }),
  ];
}
