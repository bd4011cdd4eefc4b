import { type EvaluationResult, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { readerId } from '../../../infra/readers/readers.ts';
import {
  arnIn,
  bucketArn,
  catalogArns,
  kmsViaS3,
  type Place,
  placeFor,
  workgroupArn,
} from '../../../lib/access/place.ts';
import { readerWorkgroup } from '../../../lib/access/readerStatements.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import { type Config, PRIMARY_WORKGROUP } from '../../../lib/schema/config.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { checkEach } from '../askAws.ts';
import type { DoctorContext } from '../DoctorContext.ts';
import { type Finding, finding } from '../findings.ts';
import type { Check } from '../runChecks.ts';

/** The permissions of readers, by IAM's simulator: their policies may have changed since the deployment. */
export const readers: Check = {
  name: 'readers',
  expects:
    'each configured reader has the permissions that it needs and none that it must not have, by simulation',
  needs: ['stack'],
  blocks: [],
  codes: [
    'SLUICE_DOCTOR_NO_READERS',
    'SLUICE_DOCTOR_READER_MISSING',
    'SLUICE_DOCTOR_READER_DENIED',
    'SLUICE_DOCTOR_READER_ALLOWED',
  ],
  permissions: ['iam:SimulatePrincipalPolicy', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    if (config.readers.length === 0) return [finding('SLUICE_DOCTOR_NO_READERS', '')];
    return checkEach(
      config.readers,
      (reader) => judgeReader(doctor, reader),
      (impossible) => impossible.finding,
    );
  },
};

async function judgeReader(doctor: DoctorContext, reader: Reader): Promise<Finding[]> {
  const [config, { account, partition, region }, resources, keyArn, { iam }] = await Promise.all([
    doctor.config(),
    doctor.identity(),
    doctor.resources(),
    doctor.keyArn(),
    doctor.clients(),
  ]);
  const role = resources.get(readerId(reader, 'Role'));
  const principal = role ?? resources.get(readerId(reader, 'User'));
  if (principal === undefined) return [finding('SLUICE_DOCTOR_READER_MISSING', `${reader.name}.`)];
  const place = placeFor(config, { partition, account, region, keyArn });
  const findings: Finding[] = [];
  for (const expectation of readerExpectations(place, config, reader)) {
    const { EvaluationResults = [] } = await doctor.ask('iam:SimulatePrincipalPolicy', () =>
      iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: `arn:${partition}:iam::${account}:${role === undefined ? 'user' : 'role'}/${principal.physicalId}`,
          ActionNames: [expectation.action],
          ResourceArns: [...expectation.resources],
          ContextEntries: Object.entries(expectation.context ?? {}).map(([name, value]) => ({
            ContextKeyName: name,
            ContextKeyType: 'string' as const,
            ContextKeyValues: [value],
          })),
        }),
      ),
    );
    findings.push(...judgeSimulation(reader.name, expectation, EvaluationResults));
  }
  return findings;
}

/** Judges the simulator's decisions, for each resource separately. */
export function judgeSimulation(
  name: string,
  { action, allowed, resources }: ReaderExpectation,
  results: readonly EvaluationResult[],
): Finding[] {
  const decisions = results.flatMap(
    ({ EvalDecision, EvalResourceName = '', ResourceSpecificResults = [] }) =>
      ResourceSpecificResults.length > 0
        ? ResourceSpecificResults.map((one) => ({
            resource: one.EvalResourceName ?? '',
            allowed: one.EvalResourceDecision === 'allowed',
          }))
        : [{ resource: EvalResourceName, allowed: EvalDecision === 'allowed' }],
  );
  const decided =
    decisions.length > 0 ? decisions : resources.map((resource) => ({ resource, allowed: false }));
  const wrong = decided.filter((decision) => decision.allowed !== allowed).map(({ resource }) => resource);
  if (wrong.length === 0) return [];
  const code = allowed ? 'SLUICE_DOCTOR_READER_DENIED' : 'SLUICE_DOCTOR_READER_ALLOWED';
  return [finding(code, `${name}: ${action} on ${wrong.join(', ')}.`)];
}

/** One action that a reader must be allowed, or must not be allowed. */
interface ReaderExpectation {
  readonly action: string;
  readonly resources: readonly string[];
  readonly allowed: boolean;
  /** Condition keys of the request. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Any day: policies are about folders, not days. */
const DAY: UtcDay = '2026-01-01';

/** What each reader must be allowed, and samples of what it must not be: the tests of lib/access cover all of it. */
function readerExpectations(
  place: Place,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  reader: Reader,
): readonly ReaderExpectation[] {
  const object = (key: string) => `${bucketArn(place, config.bucket)}/${key}`;
  const rows = forwardedKinds.map((kind) => object(`${dayFolder(config, kind, DAY)}part.parquet`));
  const tables = forwardedKinds.map((kind) => config.tables[kind]);
  const yes = (action: string, resources: readonly string[], context?: ReaderExpectation['context']) => ({
    action,
    resources,
    allowed: true,
    ...(context === undefined ? {} : { context }),
  });
  const no = (action: string, resources: readonly string[]) => ({ action, resources, allowed: false });
  const workgroup = reader.kind === 'owox' ? PRIMARY_WORKGROUP : readerWorkgroup(place, reader).workgroup;
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  return [
    yes('s3:GetObject', rows),
    yes('kms:Decrypt', [place.keyArn], { 'kms:ViaService': kmsViaS3(place) }),
    yes('glue:GetTable', [...new Set(tables.flatMap((table) => catalogArns(place, place.database, table)))]),
    yes('athena:StartQueryExecution', [workgroupArn(place, workgroup)]),
    no('s3:GetObject', ['overflow/x', 'ledger/x', 'quarantine/x', 'parked/x'].map(object)),
    no(
      'glue:DeleteTable',
      tables.map((table) => arnIn(place, 'glue', `table/${place.database}/${table}`)),
    ),
    ...(writesLikeUs ? [] : [no('s3:PutObject', rows), no('s3:DeleteObject', rows)]),
  ];
}
