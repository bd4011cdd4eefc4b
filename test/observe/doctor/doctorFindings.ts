import { encryptionProblems } from '../../../infra/serverless/encryptionProblems.ts';
import { heldNames, replacedReaders } from '../../../infra/serverless/readerProblems.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { deploymentCommands, revertDriftWords } from '../../../observe/deploymentCommands.ts';
import { judgeCaller, judgeDeployer } from '../../../observe/doctor/account/deployer.ts';
import { judgeHeldName, judgeName } from '../../../observe/doctor/account/freeNames.ts';
import { judgeMaker } from '../../../observe/doctor/account/lakeFormation.ts';
import { judgeGatewayLimits, judgeLambdaLimits } from '../../../observe/doctor/account/quotas.ts';
import { judgeOtherAccount, judgeRefusal, judgeRegion } from '../../../observe/doctor/accountFindings.ts';
import * as bucket from '../../../observe/doctor/bucket/bucket.ts';
import { judgeForeignKeys } from '../../../observe/doctor/bucket/bucketSettings.ts';
import { judgeEncryption } from '../../../observe/doctor/bucket/encryption.ts';
import { judgeForeign } from '../../../observe/doctor/bucket/forwarding.ts';
import { judgeDatabase } from '../../../observe/doctor/databases.ts';
import { judgeUnlisted } from '../../../observe/doctor/holdouts.ts';
import { missing, unreadFinding, unsaid } from '../../../observe/doctor/Look.ts';
import { judgeHash, judgeHoldouts } from '../../../observe/doctor/names.ts';
import { judgePartitions } from '../../../observe/doctor/partitions.ts';
import * as readers from '../../../observe/doctor/readers.ts';
import * as roles from '../../../observe/doctor/roles.ts';
import type { Decision } from '../../../observe/doctor/simulator.ts';
import { judgeDomain } from '../../../observe/doctor/stack/domain.ts';
import { judgeDrift } from '../../../observe/doctor/stack/drift.ts';
import { judgeQueue } from '../../../observe/doctor/stack/queues.ts';
import * as stacks from '../../../observe/doctor/stack/stack.ts';
import { judgeBoundary, judgeSize } from '../../../observe/doctor/template.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import { judgeSetting } from '../../../observe/findings/judge/deployment/bucket.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment/key.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
/** ARN in IAM. */
const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:${name}`;
/** ARN of a key that consists of a digit. */
const keyArn = (digit: string) =>
  `arn:aws:kms:us-east-1:${ACCOUNT}:key/${digit.repeat(8)}-2222-3333-4444-555555555555`;
const PLACE = { stack: { service: 'sluice', stage: 'prod' }, localControl: undefined };
const commands = deploymentCommands(PLACE, REGION);
const CREATE_DATABASE = commands.aws('glue', 'create-database', '--database-input', '{"Name":"sluice"}');
const REVERT = revertDriftWords('sluice-prod').map((words) => commands.aws(...words));
const config = defineConfig({ bucket: 'acme' });
/** A configuration that brings what exists. */
const configOfExisting = (existing: NonNullable<ConfigInput['existing']>) =>
  defineConfig({ bucket: 'acme', existing });
const logsKeyConfig = defineConfig({ bucket: 'acme', logs: { kmsKeyArn: keyArn('2') } });
const LOGS_KEY = {
  Arn: keyArn('2'),
  KeyState: 'Enabled',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyUsage: 'ENCRYPT_DECRYPT',
} as const;
/** An error of AWS by its name. */
const failureNamed = (name: string) => Object.assign(new Error(`${name} of a call.`), { name });

const METABASE = { kind: 'metabase', name: 'bi', iamName: 'BI' } as const;
const readerConfig = defineConfig({ bucket: 'acme', readers: [METABASE] });
/** The reader's user under another logical ID: it holds the reader's name. */
const heldResources = new Map([['ReaderOldUser', 'bi']]);
/** The reader's user under the name that CloudFormation made. */
const madeResources = new Map([['ReaderBiUser', 'sluice-prod-ReaderBiUser-1']]);
const readerStack = { stackName: 'sluice-prod', partition: 'aws', account: ACCOUNT };

/** Decisions of IAM's simulator about a statement, for each reason. */
const simulation = (sid: string, isAllowed: boolean, ...reasons: readonly Decision['reason'][]) => ({
  sid,
  decisions: reasons.map((reason) => {
    const policies = reason === 'explicit' || isAllowed ? ['NoReading'] : [];
    return { action: 's3:GetObject', resource: 'arn:aws:s3:::acme/x', isAllowed, reason, policies };
  }),
});
/** A simulation that denies for each reason. */
const deniedFor = (sid: string) => simulation(sid, false, 'missing', 'explicit', 'boundary', 'organization');

const STACK = { StackName: 'sluice-prod', LastUpdatedTime: new Date(Date.UTC(2026, 10, 20)) };
const output = (OutputKey: string, OutputValue: string) => ({ OutputKey, OutputValue });
/** Findings of the stack in a status, with outputs. */
const stackFindings = (StackStatus: string, ...Outputs: readonly ReturnType<typeof output>[]) => [
  ...stacks.judgeStack({ ...STACK, StackStatus, Outputs: [...Outputs] }, commands),
];
const DRIFTED = { PhysicalResourceId: 'sluice', ResourceType: 'AWS::Athena::WorkGroup' };
const DIFFERENCE = {
  PropertyPath: '/State',
  ExpectedValue: 'a',
  ActualValue: 'b',
  DifferenceType: 'NOT_EQUAL',
} as const;

/**
 * Findings of an encryption that differs.
 *
 * @param KeyArn Key of the stack; null without one, undefined before the first deployment.
 */
const encryptionFindings = (more: object, KeyArn: string | null | undefined, KMSMasterKeyID?: string) => {
  const outputs = new Map([
    ...(KeyArn === undefined ? [] : [['SluiceVersion', '1'] as const]),
    ...(KeyArn ? [['KeyArn', KeyArn] as const] : []),
  ]);
  const deployed = { stackName: 'sluice-prod', outputs, resources: new Map<string, string>() };
  const byKey = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID };
  const own = KMSMasterKeyID === undefined ? undefined : byKey;
  return encryptionProblems({ ...config, ...more }, deployed, own).map(judgeEncryption);
};
const DOMAIN = {
  domainName: 'a.acme.com',
  domainNameStatus: 'AVAILABLE',
  regionalDomainName: 'd.aws',
  regionalCertificateArn: 'arn:one',
  addresses: ['192.0.2.1'],
  isAnswered: true,
};
const DENIAL = { sid: 'Guard', roles: [{ role: arn('role/w'), denied: ['s3:PutObject on landing/*'] }] };

/** Who asks, and where. */
const ofCaller: readonly Finding[] = [
  judgeRefusal(failureNamed('ExpiredToken')),
  judgeRefusal(failureNamed('InvalidClientTokenId')),
  judgeOtherAccount(ACCOUNT, '444455556666'),
  ...['xx-nowhere-1', 'il-central-1'].flatMap(
    (region) =>
      judgeRegion(region, defineConfig({ bucket: 'acme', endpoint: { kind: 'function-url' } })) ?? [],
  ),
  ...[configOfExisting({ bucket: true, keyArn: keyArn('1') }), logsKeyConfig].flatMap(
    (brought) => judgeRegion(REGION, brought) ?? [],
  ),
  judgeCaller(arn('root')),
  ...['NoSuchBucket', 'NotImplemented', 'AccessDenied', 'SlowDown'].map((name) =>
    unreadFinding(
      'the check names',
      Object.assign(failureNamed(name), { $metadata: { httpStatusCode: 400 } }),
    ),
  ),
];

/** Keys of KMS. */
const ofKeys: readonly Finding[] = [
  ...judgeKey({ ...LOGS_KEY, KeyState: 'Disabled' }, commands, { user: 'logs' }),
  ...judgeKey({ ...LOGS_KEY, KeySpec: 'RSA_2048' }, commands, { user: 'logs' }),
];

/** Names that others have, or have had. */
const ofNames: readonly Finding[] = [
  ...heldNames(readerConfig, { stackName: 'sluice-prod', resources: heldResources }).map(judgeHeldName),
  ...replacedReaders(readerConfig, { ...readerStack, resources: madeResources }, commands.options).map(
    stacks.judgeReplaced,
  ),
  ...(
    [
      'bucket',
      'foreignBucket',
      'statsigBucket',
      'ofReader',
      'database',
      'table',
      'foreignTable',
      'workgroup',
      'identity',
      'domain',
      'secret',
      'deletedSecret',
      'logGroup',
    ] as const
  ).map((kind) => judgeName({ type: 'AWS::A::B', name: 'sluice' }, { case: kind }, commands)),
];

/** What the deployer may do, and the quotas of the account. */
const ofDeployer: readonly Finding[] = [
  ...judgeDeployer(arn('role/ci'), deniedFor('Make'), commands),
  ...judgeDeployer(arn('role/ci'), simulation('PassRole', false, 'missing'), commands),
  ...[{}, { rateLimit: 5, burstLimit: 5 }, { rateLimit: 9, burstLimit: 10 }].flatMap((throttling) =>
    judgeGatewayLimits(
      throttling,
      { requestsPerSecond: 9, effectiveRequestsPerSecond: 9, burst: 9 },
      config.endpoint,
    ),
  ),
  ...judgeLambdaLimits({}, config),
  ...[null, 200].flatMap((reservedConcurrency) =>
    judgeLambdaLimits(
      { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 },
      defineConfig({
        bucket: 'acme',
        endpoint: { kind: 'function-url' },
        collector: { reservedConcurrency },
      }),
    ),
  ),
];

/** The bucket, its settings, its encryption and what lies in it. */
const ofBucket: readonly Finding[] = [
  bucket.judgeDenied('acme', { identity: { account: ACCOUNT }, commands }),
  bucket.judgeElsewhere('acme', { there: 'us-east-1', region: REGION }),
  ...(['own', 'drift', 'local'] as const).map((kind) => missing('The bucket acme', kind)),
  ...[{ isBrought: false }, { isBrought: true }, { isBrought: true, isEarly: true }].map(
    ({ isBrought, isEarly = false }) =>
      judgeSetting(
        { ...config, existing: { ...config.existing, bucket: isBrought } },
        {
          name: isEarly ? 'lifecycle' : 'events',
          why: 'Without it rows come late.',
          points: [
            isEarly ? 'the rule save deletes objects of ledger/' : 'EventBridgeConfiguration is not set',
          ],
          repair: ['s3api', 'put-bucket-notification-configuration', '--bucket', 'acme'],
          isEarly,
        },
        commands,
      ),
  ),
  judgeForeignKeys('acme', ['a/1', 'b/2']),
  ...judgeForeign({ config, commands }, 'statsig/events/', [], false),
  ...judgeForeign({ config, commands }, 'statsig/events/', [{ key: 'statsig/events/x', size: 1, at: 0 }]),
  ...encryptionFindings({ encryption: 's3' }, keyArn('1')),
  ...encryptionFindings({ encryption: 'kms' }, null),
  ...encryptionFindings({ encryption: 'kms' }, keyArn('1')),
  ...encryptionFindings({ encryption: 's3' }, undefined, keyArn('2')),
  ...encryptionFindings({ encryption: 's3' }, undefined, 'alias/aws/s3'),
  ...encryptionFindings({ encryption: 's3' }, undefined, 'alias/acme'),
  ...encryptionFindings({ encryption: 's3' }, null, keyArn('2')),
];

/** Glue, Lake Formation and the tables. */
const ofCatalog: readonly Finding[] = [
  ...([true, false] as const).map((database) =>
    judgeDatabase('database', configOfExisting({ bucket: false, database }), !database, CREATE_DATABASE),
  ),
  judgeDatabase('database', config, false, CREATE_DATABASE),
  judgeDatabase('stagingDatabase', config, true, CREATE_DATABASE),
  ...judgePartitions('events', 'folder', ['2026-11-20'], commands),
  ...judgePartitions('events', 'columns', ['2026-11-19', '2026-11-20'], commands),
  judgeHoldouts('s3://acme/groups.json', commands),
  judgeUnlisted({
    experiment: 'hero',
    gate: 'summer_holdout',
    rule: '7Holdout',
    rows: 464,
  }),
  judgeHash({ hash: '1a2b', layer: 'home', rows: 7, firstAt: '2026-11-19 10:20:30.123' }, commands),
  judgeMaker(arn('role/ci'), commands),
  unsaid('Lake Formation does not say the settings of the account'),
];

/** Readers and the roles of the stack. */
const ofReaders: readonly Finding[] = [
  readers.judgeNewReader('bi', false),
  readers.judgeNewReader('bi', true),
  ...readers.judgeSimulation('bi', deniedFor('Rows'), true, commands),
  ...readers.judgeSimulation('bi', simulation('Landing', true, 'missing'), false, commands),
  ...[undefined, '{}'].map((excepted) =>
    roles.judgeDenial('acme', { ...DENIAL, isKnown: true, text: 'Guard denies it.' }, commands, excepted),
  ),
  roles.judgeDenial('acme', { ...DENIAL, isKnown: false, text: 'Guard may deny it.' }, commands),
  ...roles.judgeRole(arn('role/w'), deniedFor('WriteRole'), commands),
];

/** The stack, its size and its domain. */
const ofStack: readonly Finding[] = [
  stacks.judgeMissing({ stackName: 'sluice-prod', region: REGION, account: ACCOUNT }, commands),
  ...stackFindings('ROLLBACK_FAILED'),
  ...stackFindings('UPDATE_ROLLBACK_COMPLETE', output('SluiceVersion', '999.0.0')),
  ...['UPDATE_IN_PROGRESS', 'REVIEW_IN_PROGRESS', 'IMPORT_ROLLBACK_FAILED'].flatMap((status) =>
    stackFindings(status),
  ),
  stacks.judgeNoTopic(),
  judgeQueue('sluice-prod-write', false, REVERT),
  judgeDrift({ ...DRIFTED, StackResourceDriftStatus: 'DELETED' }, REVERT),
  judgeDrift({ ...DRIFTED, StackResourceDriftStatus: 'MODIFIED', PropertyDifferences: [DIFFERENCE] }, [
    'revert',
  ]),
  ...judgeDomain({ ...DOMAIN, domainNameStatus: 'UPDATING', addresses: [] }, null),
  ...judgeDomain({ ...DOMAIN, domainNameStatus: 'PENDING_CERTIFICATE_REIMPORT' }, 'arn:one'),
  ...judgeDomain({ ...DOMAIN, isAnswered: false }, 'arn:one'),
  judgeSize({
    part: 'The template',
    isTemplate: true,
    excess: '509 resources, at most 500',
    text: 'The template: 509 resources, at most 500. It grows with `sources`.',
  }),
  judgeSize({
    part: 'IngestLoadRole',
    isTemplate: false,
    excess: '12000 characters of inline policies, at most 10240',
    text: 'IngestLoadRole: 12000 characters of inline policies, at most 10240. It grows with `sources`.',
  }),
  judgeBoundary(arn('policy/b'), 'trial', 'it is the boundary of a trial'),
  judgeBoundary(arn('policy/b'), 'missing', 'the account has no such policy'),
  judgeBoundary(arn('policy/b'), 'denies', 'it denies 2 roles, the first WriteRole s3:PutObject on x'),
];

/** Findings of the doctor, and of the doctor before a deployment: each of its judgements, in each case. */
export const doctorFindings: readonly Finding[] = [
  ...ofCaller,
  ...ofKeys,
  ...ofNames,
  ...ofDeployer,
  ...ofBucket,
  ...ofCatalog,
  ...ofReaders,
  ...ofStack,
];
