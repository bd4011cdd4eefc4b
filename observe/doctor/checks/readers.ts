import type { EvaluationResult } from '@aws-sdk/client-iam';
import { readerId } from '../../../infra/readers/readers.ts';
import {
  arnIn,
  bucketArn,
  catalogArns,
  kmsViaS3,
  type PolicyScope,
  policyScope,
  workgroupArn,
} from '../../../lib/access/arns.ts';
import { readerWorkgroup } from '../../../lib/access/readerStatements.ts';
import { locationParts } from '../../../lib/base/s3Location.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../../lib/schema/fields/athena.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { dayFolder, versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import type { Check } from '../runChecks.ts';
import { type SimulatedAction, simulate, wrongResources } from '../simulate.ts';

/**
 * The permissions of readers, by IAM's simulator: their policies may have changed since the deployment.
 */
export const readers: Check = {
  name: 'readers',
  expects:
    'each configured reader has the permissions that it needs and none that it must not have, by simulation',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_READER_DENIED', 'SLUICE_DOCTOR_READER_ALLOWED'],
  permissions: ['iam:SimulatePrincipalPolicy', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    return checkEach(
      config.readers,
      (reader) => judgeReader(doctor, reader),
      (impossible) => impossible.finding,
    );
  },
};

async function judgeReader(doctor: DoctorContext, reader: Reader): Promise<Finding[]> {
  const [config, { account, partition }, resources] = await Promise.all([
    doctor.config(),
    doctor.identity(),
    doctor.resources(),
  ]);
  const role = resources.get(readerId(reader, 'Role'));
  const principal = role ?? resources.get(readerId(reader, 'User'));
  if (principal === undefined)
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The role or user of the reader ${reader.name}.`)];
  const arn = `arn:${partition}:iam::${account}:${role === undefined ? 'user' : 'role'}/${principal.physicalId}`;
  const scope = await readersScope(doctor);
  return simulateReader(doctor, { name: reader.name, arn }, readerExpectations(scope, config, reader));
}

/** A reader's role or user. */
interface Simulated {
  /** Its name in findings. */
  readonly name: string;
  readonly arn: string;
}

async function readersScope(doctor: DoctorContext): Promise<PolicyScope> {
  const [config, { account, partition, region }, keyArn] = await Promise.all([
    doctor.config(),
    doctor.identity(),
    doctor.keyArn(),
  ]);
  return policyScope(config, { partition, account, region, keyArn });
}

async function simulateReader(
  doctor: DoctorContext,
  { name, arn }: Simulated,
  expectations: readonly ReaderExpectation[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const expectation of expectations)
    findings.push(...judgeSimulation(name, expectation, await simulate(doctor, arn, expectation)));
  return findings;
}

/** Judges the simulator's decisions, for each resource separately. */
export function judgeSimulation(
  name: string,
  expectation: ReaderExpectation,
  results: readonly EvaluationResult[],
): Finding[] {
  const { action, allowed, isForLater = false } = expectation;
  const wrong = wrongResources(expectation, results, allowed);
  if (wrong.length === 0) return [];
  const code = allowed ? 'SLUICE_DOCTOR_READER_DENIED' : 'SLUICE_DOCTOR_READER_ALLOWED';
  // No query needs it before `curate: true`.
  const severity = isForLater ? 'warning' : 'problem';
  return [finding(code, `${name}: ${action} on ${wrong.join(', ')}.`, [], severity)];
}

/** One action that a reader must be allowed, or must not be allowed. */
interface ReaderExpectation extends SimulatedAction {
  readonly allowed: boolean;
  /** Whether no query needs it yet. Default false. */
  readonly isForLater?: boolean;
}

/** Any day: policies are about folders, not days. */
const DAY: UtcDay = '2026-01-01';

type Layout = Pick<Config, 'bucket' | 'statsigFolder' | 'tables' | 'curatedTables' | 'curate'>;

const yes = (action: string, resources: readonly string[], context?: ReaderExpectation['context']) => ({
  action,
  resources,
  allowed: true,
  ...(context === undefined ? {} : { context }),
});
const no = (action: string, resources: readonly string[]) => ({ action, resources, allowed: false });

/**
 * Permissions that every reader needs: rows and tables that the views read, with the reader's permissions. Views read
 * curated days only with `curate: true`; readers are allowed to before that.
 */
function rowExpectations(scope: PolicyScope, config: Layout): readonly ReaderExpectation[] {
  const tables = forwardedKinds.map((kind) => config.tables[kind]);
  const curated = forwardedKinds.map((kind) => config.curatedTables[kind]);
  const inCatalog = (names: readonly string[]) => [
    ...new Set(names.flatMap((table) => catalogArns(scope, scope.database, table))),
  ];
  return [
    yes('s3:GetObject', rawFiles(scope, config)),
    yes('kms:Decrypt', [scope.keyArn], { 'kms:ViaService': kmsViaS3(scope) }),
    yes('glue:GetTable', inCatalog(tables)),
    ...[
      yes('s3:GetObject', curatedFiles(scope, config)),
      yes('glue:GetTable', inCatalog(curated)),
      yes('glue:GetPartitions', inCatalog(curated)),
    ].map((expectation) => ({ ...expectation, isForLater: !config.curate })),
  ];
}

/** Permissions from `alsoReads` in this account. A simulation does not know what other accounts allow. */
function alsoExpectations(scope: PolicyScope, { alsoReads }: Reader): readonly ReaderExpectation[] {
  const own = alsoReads.filter(({ owner }) => owner === undefined);
  const files = own.flatMap(({ locations }) =>
    locations
      .map(locationParts)
      .map(({ bucket, folder }) => `${bucketArn(scope, bucket)}/${folder}part.parquet`),
  );
  const tables = alsoReads.flatMap(({ database, tables: names = ['any'] }) =>
    names.flatMap((table) => catalogArns(scope, database, table)),
  );
  const keys = alsoReads.flatMap(({ kmsKeyArn }) =>
    kmsKeyArn !== undefined && kmsKeyArn.split(':')[4] === scope.account ? [kmsKeyArn] : [],
  );
  const byRegion = Map.groupBy(new Set(keys), (arn) => arn.split(':')[3] ?? '');
  return [
    ...(files.length === 0 ? [] : [yes('s3:GetObject', files)]),
    ...(tables.length === 0 ? [] : [yes('glue:GetTable', [...new Set(tables)])]),
    ...[...byRegion].map(([region, arns]) =>
      yes('kms:Decrypt', arns, { 'kms:ViaService': kmsViaS3({ region }) }),
    ),
  ];
}

/** A file of each raw table. */
function rawFiles(scope: PolicyScope, config: Layout): readonly string[] {
  return forwardedKinds.map((kind) => objectArn(scope, `${dayFolder(config, kind, DAY)}part.parquet`));
}

/** A file of each table of curated days. */
function curatedFiles(scope: PolicyScope, config: Layout): readonly string[] {
  return forwardedKinds.map((kind) =>
    objectArn(scope, `${versionPrefix(config, config.curatedTables[kind], DAY, 'v1')}part.parquet`),
  );
}

function objectArn(scope: PolicyScope, key: string): string {
  return `${bucketArn(scope, scope.bucket)}/${key}`;
}

/** Permissions that each reader needs, and samples that it must not have. The tests of lib/access cover all. */
function readerExpectations(
  scope: PolicyScope,
  config: Layout,
  reader: Reader,
): readonly ReaderExpectation[] {
  const tables = forwardedKinds.flatMap((kind) => [config.tables[kind], config.curatedTables[kind]]);
  const workgroup = reader.kind === 'owox' ? PRIMARY_WORKGROUP : readerWorkgroup(scope, reader).workgroup;
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  const ours = [...(writesLikeUs ? [] : rawFiles(scope, config)), ...curatedFiles(scope, config)];
  return [
    ...rowExpectations(scope, config),
    ...alsoExpectations(scope, reader),
    yes('athena:StartQueryExecution', [workgroupArn(scope, workgroup)]),
    no(
      's3:GetObject',
      ['landing', 'overflow', 'ledger', 'quarantine', 'parked'].map((folder) =>
        objectArn(scope, `${folder}/x`),
      ),
    ),
    no(
      'glue:DeleteTable',
      tables.map((table) => arnIn(scope, 'glue', `table/${scope.database}/${table}`)),
    ),
    no('s3:PutObject', ours),
    no('s3:DeleteObject', ours),
  ];
}
