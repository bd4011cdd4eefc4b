import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { parseTemplate, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { POLICY_LIMITS } from './limits.ts';

type Source = NonNullable<ConfigInput['sources']>[number];
type Export = NonNullable<ConfigInput['exports']>[number];

const account = '111122223333';
const BUCKET = 'acme-experiments';

/** The policies of each role of a configuration, as IAM counts their characters. */
function policiesOf(options: Partial<ConfigInput>) {
  const config = defineConfig({ bucket: BUCKET, ...options });
  const made = resources({ config, service: 'sluice', stage: 'prod' });
  const needed = /^(Ingest.*|Export)(Role|Queue|DeadLetterQueue)$|^(DataBucket|DataKey|Database|KeysSecret)$/;
  // Without what serverless.yml makes, and what refers to it.
  const Resources = Object.fromEntries(Object.entries(made.Resources).filter(([id]) => needed.test(id)));
  const resolved = resolveTemplate(parseTemplate({ Resources, Outputs: {} }), {
    region: 'ap-northeast-1',
    account,
    partition: 'aws',
    stackName: 'sluice-prod',
    endpoint: 'http://127.0.0.1:4566',
  });
  return resolved.resources
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map(({ logicalId, properties }) => [logicalId, JSON.stringify(properties['Policies'])] as const);
}

const owner = (i: number) => String(444_455_550_000 + i);
const pad = (text: string, length: number) => text.padEnd(length, 'x');
const bucket = (i: number) => pad(`customer-${i}-`, 63);
const roleArn = (i: number) => {
  const folder = pad(`sluice/${i}/`, 128);
  return `arn:aws:iam::${owner(i)}:role/${folder}`;
};
const keyArn = (i: number) =>
  `arn:aws:kms:eu-west-1:${owner(i)}:key/12345678-12ab-34cd-56ef-${String(i).padStart(12, '0')}`;

const sources = (how: (i: number) => Partial<Source>, count: number): Source[] =>
  Array.from({ length: count }, (_, i) => ({
    name: pad(`source-${i}-`, 64),
    bucket: bucket(i),
    owner: owner(i),
    ...how(i),
    datasets: [{ name: 'set', kind: 'events', folder: pad(`${i}-`, 128), table: pad(`t_${i}_`, 64) }],
  }));
const exports = (how: (i: number) => Partial<Export['target']>, count: number): Export[] =>
  Array.from({ length: count }, (_, i) => ({
    name: pad(`export-${i}-`, 64),
    table: pad(`t_${i}_`, 64),
    target: { bucket: bucket(i), owner: owner(i), folder: pad(`to-${i}-`, 128), ...how(i) },
  }));

describe('roles of the ingest and the export', () => {
  const COUNT = 8;
  const direct = () => ({});
  const byRole = (i: number) => ({ role: { arn: roleArn(i), externalId: 'made-by-us' } });
  const keyed = (i: number) => ({ region: 'eu-west-1' as const, kmsKeyArn: keyArn(i) });

  it.each<[string, (i: number) => { kmsKeyArn?: string; role?: { arn: string; externalId: string } }]>([
    ['let in by their buckets', direct],
    ['let in by roles', byRole],
    ['let in by their buckets and keys', keyed],
  ])('fit what IAM takes: %s', (_, how) => {
    const made = (count: number) =>
      policiesOf({ sources: sources(how, count), exports: exports(how, count) });
    const policies = made(COUNT);
    expect(policies.map(([id]) => id)).toEqual(
      expect.arrayContaining(['IngestPlanRole', 'IngestTriggerRole', 'IngestLoadRole', 'ExportRole']),
    );
    expect(policies.filter(([, { length }]) => length > POLICY_LIMITS.role)).toEqual([]);
  });

  it("use a customer's key through S3 alone, in the region of its bucket, by default ours", () => {
    const here = keyArn(0).replace('eu-west-1', 'ap-northeast-1');
    const how = (i: number) => (i === 0 ? { kmsKeyArn: here } : keyed(i));
    const made = policiesOf({
      sources: sources(how, 2),
      exports: exports(how, 2),
      region: 'ap-northeast-1',
    });
    for (const id of ['IngestLoadRole', 'ExportRole']) {
      const text = made.find(([one]) => one === id)?.[1] ?? '';
      const uses = [...text.matchAll(/"Resource":(\["arn:aws:kms:[^\]]*\]),"Condition":(\{[^}]*\}\})/g)].map(
        ([, keys = '', condition = '']) => [JSON.parse(keys), JSON.parse(condition)],
      );
      for (const [key, region] of [
        [here, 'ap-northeast-1'],
        [keyArn(1), 'eu-west-1'],
      ])
        expect([id, uses]).toEqual([
          id,
          expect.arrayContaining([
            [[key], { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } }],
          ]),
        ]);
    }
  });
});
