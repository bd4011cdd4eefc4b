import { describe, expect, it } from '@jest/globals';
import { statsigBucketPolicy } from '../../../lib/access/buckets/statsigBucketPolicy.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const USER = 'arn:aws:iam::999689269917:user/STATSIG_IAM_USER';
const BUCKET = 'YOUR_S3_BUCKET';

/** A policy of https://docs.statsig.com/data-warehouse-ingestion/s3 as it stands there, with the actions on objects. */
const documented = (onObjects: string | readonly string[]) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: USER },
      Action: ['s3:ListBucket', 's3:GetBucketLocation'],
      Resource: `arn:aws:s3:::${BUCKET}`,
    },
    { Effect: 'Allow', Principal: { AWS: USER }, Action: onObjects, Resource: `arn:aws:s3:::${BUCKET}/*` },
  ],
});
const reading = documented('s3:GetObject');
const exporting = documented([
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:AbortMultipartUpload',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
]);

/** `<principal> <action> <resource>` of each action of a policy's statements. */
function grants({ Statement }: { readonly Statement: readonly object[] }): string[] {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
  return Statement.flatMap((statement) => {
    expect(Reflect.get(statement, 'Effect')).toBe('Allow');
    expect(Reflect.get(statement, 'Condition')).toBeUndefined();
    const { AWS } = Reflect.get(statement, 'Principal');
    return list(Reflect.get(statement, 'Action')).flatMap((action) =>
      list(Reflect.get(statement, 'Resource')).map((resource) => `${AWS} ${action} ${resource}`),
    );
  }).sort();
}

const policy = (writesTo: string | null) =>
  statsigBucketPolicy({ partition: 'aws' }, { bucket: BUCKET, user: USER, writesTo });

describe('the policy of the bucket for Statsig', () => {
  it('grants what the document’s first policy grants, and nothing else', () => {
    expect(grants(policy(null))).toEqual(grants(reading));
  });

  it('grants each action of the second policy in the folder of exports, listing uploads on the bucket', () => {
    const wanted = grants(exporting).map((grant) =>
      grant.includes('s3:ListBucketMultipartUploads')
        ? grant.replace('/*', '')
        : grant.replace('/*', '/exports/*'),
    );
    expect(grants(policy('exports'))).toEqual([...new Set([...grants(reading), ...wanted])].sort());
  });

  it('is printed as the stack has it', () => {
    const config = defineConfig({
      bucket: 'acme',
      statsigBucket: { bucket: 'acme-statsig', user: `${USER}-1`, writesTo: 'exports' },
    });
    const known = { region: 'us-east-1', stack: 'sluice-prod' };
    const [printed] = printedPolicies('statsig-bucket', config, known);
    const own = statsigBucketPolicy(
      { partition: 'aws' },
      { bucket: 'acme-statsig', user: `${USER}-1`, writesTo: 'exports' },
    );
    expect(grants(printed?.document ?? { Statement: [] })).toEqual(grants(own));
  });
});
