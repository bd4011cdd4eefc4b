import { afterAll, describe, expect, it } from '@jest/globals';
import { ownerPolicies } from '../../cli/connect/ownerPolicies.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { callMain } from '../harness/callMain.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

const KEY = 'arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const orders = {
  database: 'finance-data',
  tables: ['orders'],
  locations: ['s3://acme-finance/orders/'],
  kmsKeyArn: KEY,
  owner: '444455556666',
};
const directory = temporaryDirectory();
const config = writeConfig(directory.path, {
  bucket: 'acme-experiments',
  account: '111122223333',
  existing: {
    bucket: true,
    keyArn: 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  },
  readers: [
    {
      kind: 'statsig',
      name: 'statsig',
      principal: '123456789012',
      externalId: 'project-7',
      keyAdministrator: true,
      alsoReads: [orders],
    },
    {
      kind: 'owox',
      name: 'owox',
      resultsBucket: 'acme-owox',
      alsoReads: [{ ...orders, locations: ['s3://acme-finance/refunds/'] }],
      policies: ['arn:aws:iam::111122223333:policy/read-more'],
    },
    { kind: 'metabase', name: 'bi' },
  ],
});
const bi = { kind: 'metabase', name: 'bi' } as const;
afterAll(directory.remove);

const call = (...args: string[]) => callMain(args, { env: { SLUICE_CONFIG: config } });

describe('sluice policy print, of a reader of other data', () => {
  it('shows what is added apart from the narrow policy, and what others have to do', async () => {
    const { stdout, stderr } = await call('policy', 'print', '--for', 'statsig');
    const [narrow = '', also = '', trust = '', key = ''] = stdout.split(/^\}\n/m);
    expect(narrow).not.toContain('finance');
    expect(trust).toContain('sts:AssumeRole');
    expect(also).toContain('AlsoReadTables');
    expect(key).toContain('__READER_ROLE_ARN__');
    for (const text of [
      "Placeholder left: __READER_ROLE_ARN__. Replace it with the stack's output Reader<Name>RoleArn.",
      'It adds what `alsoReads` names, finance-data.orders, and nothing else.',
      'keyPolicy: Add its statement to the policy of the key arn:aws:kms:us-east-1:111122223333:key/',
      'acme-finance is of the account 444455556666, whose owner must allow the reader, too: npx sluice connect owner acme-finance',
    ])
      expect(stderr).toContain(text);
    const owox = await call('policy', 'print', '--for', 'owox');
    expect(owox.stderr).toContain(
      'Attach this managed policy of yours, too: arn:aws:iam::111122223333:policy/read-more.',
    );
  });

  it('refuses another region than that of the key of the configuration', async () => {
    const { code, stderr } = await call('policy', 'print', '--for', 'owox', '--region', 'eu-west-1');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('existing.keyArn: ') });
  });

  it('adds nothing for a reader without any', async () => {
    const { stdout, stderr } = await call('policy', 'print', '--for', 'metabase');
    expect(stdout).not.toContain('Also');
    expect(stderr).not.toMatch(/alsoReads|Attach this managed/);
  });
});

describe('sluice connect owner', () => {
  it('prints the policies for the owner of a bucket, for all readers that read it', async () => {
    const { code, stdout } = await call('connect', 'owner', 'acme-finance', '--stage', 'dev');
    expect(code).toBe(0);
    for (const text of [
      '"AWS": "arn:aws:iam::111122223333:root"',
      'arn:aws:iam::111122223333:role/sluice-dev-ReaderStatsigRole-*',
      'arn:aws:iam::111122223333:user/sluice-dev-ReaderOwoxUser-*',
      'arn:aws:s3:::acme-finance/orders/*',
      'arn:aws:s3:::acme-finance/refunds/*',
      '"kms:Decrypt"',
    ])
      expect(stdout).toContain(text);
    expect(stdout).not.toMatch(/s3:Put|s3:Delete|GenerateDataKey/);
  });

  it.each([
    { place: '--stage dev', account: '__ACCOUNT_ID__', isNoted: true },
    { place: '--local', account: '000000000000', isNoted: false },
  ])('is for the account $account with $place if the configuration has none', async (row) => {
    const { place, account, isNoted } = row;
    const file = writeConfig(
      directory.path,
      { bucket: 'acme', readers: [{ ...bi, alsoReads: [orders] }] },
      'bi.config.mjs',
    );
    const args = ['connect', 'owner', 'acme-finance', ...place.split(' '), '--json'];
    const { stdout, stderr } = await callMain(args, { env: { SLUICE_CONFIG: file } });
    expect(JSON.parse(stdout).bucketPolicy.Statement[0].Principal).toEqual({
      AWS: `arn:aws:iam::${account}:root`,
    });
    expect(stderr.includes('__ACCOUNT_ID__')).toBe(isNoted);
  });

  it('has the keys of the bucket, and no policy of one without any', () => {
    const policiesOf = (read: Omit<typeof orders, 'kmsKeyArn'> & { wholeBucket?: boolean }) => {
      const { readers } = defineConfig({ bucket: 'acme', readers: [{ ...bi, alsoReads: [read] }] });
      return ownerPolicies(
        { readers },
        { bucket: 'acme-finance', stack: 'sluice-dev', account: '111122223333' },
      );
    };
    expect(policiesOf(orders)).toMatchObject({
      owner: '444455556666',
      keyArns: [KEY],
      keyPolicy: { Statement: [{}] },
    });
    const { kmsKeyArn: _, ...plain } = orders;
    const whole = policiesOf({ ...plain, locations: ['s3://acme-finance/'], wholeBucket: true });
    expect(whole).toMatchObject({ keyArns: [], keyPolicy: null });
    expect(JSON.stringify(whole.bucketPolicy)).toContain('"arn:aws:s3:::acme-finance/*"');
  });

  it('knows only buckets that readers read', async () => {
    const { code, stderr } = await call('connect', 'owner', 'acme-finanse');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('Did you mean acme-finance?'),
    });
    expect((await call('connect', 'owner', 'acme-finance', '--reader', 'owox')).stderr).toContain(
      '--reader: not for owner.',
    );
  });
});
