import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { POLICY_TARGETS } from '../../lib/access/printedPolicies.ts';
import { callMain } from '../harness/callMain.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';
import { wordsOf } from '../harness/wordsOf.ts';

const directory = temporaryDirectory();
const config = writeConfig(directory.path, {
  bucket: 'acme-experiments',
  region: 'eu-west-1',
  readers: [
    {
      kind: 'statsig',
      name: 'statsig',
      principal: '123456789012',
      externalId: 'project-7',
      statsigForwardsHere: true,
    },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'bi' },
    { kind: 'metabase', name: 'bi-pods', as: 'role', principal: 'ecs-tasks', ownDatabase: 'models' },
  ],
  sources: [
    acmeSource(),
    acmeSource({
      name: 'bolt',
      bucket: 'bolt-drops',
      kmsKeyArn: 'arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    }),
  ],
  exports: [exportTo({})],
  statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' },
});
afterAll(directory.remove);

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-12ab-34cd-56ef-1234567890ab';

const print = (...args: string[]) =>
  callMain(['policy', 'print', ...args], { env: { SLUICE_CONFIG: config } });

const printed = async (...args: string[]) => JSON.parse((await print(...args, '--json')).stdout);

describe('sluice policy print', () => {
  it('is for the account that --account names, else for that of the configuration', async () => {
    const other = writeConfig(
      directory.path,
      {
        bucket: 'acme-experiments',
        account: '222233334444',
        readers: [{ kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' }],
      },
      'other.config.ts',
    );
    const accounts = async (...args: string[]) => {
      const { stdout } = await callMain(['policy', 'print', '--for', 'owox', '--json', ...args], {
        env: { SLUICE_CONFIG: other },
      });
      return [...new Set(stdout.match(/\d{12}/g))];
    };
    expect(await accounts()).toEqual(['222233334444']);
    expect(await accounts('--account', '111122223333')).toEqual(['111122223333']);
  });

  it.each(POLICY_TARGETS)(
    'prints documents for %s without credentials or gaps, and names each to a person alone',
    async (target) => {
      const args = ['--for', target, '--stage', 'dev', '--account', '111122223333'];
      const { code, stdout, stderr } = await print(...args, '--json');
      expect(code).toBe(0);
      const notes = (await print(...args)).stderr;
      const documents = Object.entries(JSON.parse(stdout));
      expect(documents).not.toEqual([]);
      for (const [name, document] of documents) {
        expect(document).toMatchObject({ Version: '2012-10-17', Statement: expect.any(Array) });
        // A program knows what it does with each, and needs to hear only what is wrong with them.
        expect(notes).toContain(`${name}: `);
        expect(stderr).not.toContain(`${name}: `);
      }
      expect(stdout).not.toMatch(/\$\{|undefined|__ACCOUNT_ID__/);
    },
  );

  it("uses the configuration's names and the reader's own settings", async () => {
    const { permissions, trust } = await printed('--for', 'statsig', '--account', '111122223333');
    expect(JSON.stringify(permissions)).toContain('arn:aws:glue:eu-west-1:111122223333:table/sluice/*');
    expect(JSON.stringify(permissions)).not.toContain('KeepOurTables');
    expect(trust.Statement).toEqual([
      {
        Sid: 'AssumeRole',
        Effect: 'Allow',
        Principal: { AWS: '123456789012' },
        Action: ['sts:AssumeRole'],
        Condition: { StringEquals: { 'sts:ExternalId': 'project-7' } },
      },
    ]);
    expect(JSON.stringify(await printed('--for', 'owox'))).toContain('arn:aws:s3:::acme-owox/*');
    expect(await printed('--for', 'metabase')).not.toHaveProperty('trust');
    expect(await printed('--for', 'metabase', '--reader', 'bi-pods')).toHaveProperty('trust');
    const { writePermissions } = await printed('--for', 'metabase', '--reader', 'bi-pods');
    expect(JSON.stringify(writePermissions)).toContain('table/models/*');
  });

  it('names placeholders that are left, with their options', async () => {
    const { stdout, stderr } = await print('--for', 'owox', '--stage', 'dev');
    expect(stdout).toContain('key/__KEY_ID__"');
    expect(stderr).toContain('Placeholder left: __KEY_ID__. Replace it, or use --key.');
    expect(stderr).toContain('__ACCOUNT_ID__. Replace it, or use --account.');
    expect((await print('--for', 'ingest-source', '--local')).stdout).toContain(
      'arn:aws:iam::000000000000:root',
    );
    const filled = await print('--for', 'owox', '--account', '111122223333', '--key', KEY);
    expect(filled.stderr).not.toContain('Placeholder left');
    expect(filled.stdout).toContain(KEY);
  });

  it('prints for a configured reader, source, export or bucket alone', async () => {
    const none = join(directory.path, 'none.config.mjs');
    writeFileSync(none, `export default { bucket: 'acme' };`);
    for (const target of ['statsig', 'owox', 'metabase', 'ingest-source', 'export-target', 'statsig-bucket'])
      expect(
        await callMain(['policy', 'print', '--for', target, '--local'], { env: { SLUICE_CONFIG: none } }),
      ).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('SLUICE_POLICY_NOT_CONFIGURED'),
      });
  });

  it('refuses to print a policy that is too long for IAM', async () => {
    const long = join(directory.path, 'long.config.mjs');
    const readers = Array.from({ length: 8 }, (_, i) => ({
      kind: 'metabase',
      name: `bi${i}`,
      ownDatabase: `d${i}`.padStart(255, 'd'),
    }));
    writeFileSync(
      long,
      `export default { bucket: 'acme', database: '${'d'.repeat(255)}', readers: ${JSON.stringify(readers)} };`,
    );
    const env = { SLUICE_CONFIG: long };
    expect(await callMain(['policy', 'print', '--for', 'deploy', '--json'], { env })).toMatchObject({
      code: 1,
      stdout: expect.not.stringContaining('Statement'),
      stderr: expect.stringMatching(
        /SLUICE_POLICY_TOO_LONG: .* catalogPermissions: \d+ characters, at most 6144/,
      ),
    });
    // The policies of others do not name these databases.
    expect((await callMain(['policy', 'print', '--for', 'trial'], { env })).code).toBe(0);
  });

  /** Writes a configuration. @returns The environment that names it. */
  function configured(name: string, fields: object): { readonly SLUICE_CONFIG: string } {
    const file = join(directory.path, `${name}.config.mjs`);
    writeFileSync(file, `export default ${JSON.stringify({ bucket: 'acme', ...fields })};`);
    return { SLUICE_CONFIG: file };
  }

  it('prints two documents for a trial', async () => {
    const plain = await printed('--for', 'trial');
    expect(Object.keys(plain)).toEqual(['boundary', 'policy']);
    expect(JSON.stringify(plain['policy'])).toContain(':policy/sluice-boundary"');
  });

  /** The documents for a trial, of a project with these fields. */
  async function ofProject(name: string, fields: object): Promise<string> {
    const args = ['policy', 'print', '--for', 'trial', '--json'];
    return (await callMain(args, { env: configured(name, fields) })).stdout;
  }

  it('prints for a trial the boundary and the tags of the project', async () => {
    const permissionsBoundary = 'arn:aws:iam::111122223333:policy/org/limit';
    const bounded = await ofProject('bounded', { permissionsBoundary, tags: { team: 'data' } });
    expect(bounded).toContain(permissionsBoundary);
    expect(bounded).not.toContain('sluice-boundary');
    expect(bounded).toContain('"team"');
    expect(bounded).toContain('kms:CreateKey');
  });

  it('prints for a trial the key of the project, if it has one', async () => {
    const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const keyed = await ofProject('keyed', { existing: { keyArn } });
    expect(keyed).toContain(keyArn);
    expect(keyed).not.toMatch(/kms:CreateKey|kms:ScheduleKeyDeletion|:key\/\*/);
    expect(await ofProject('keyless', { encryption: 's3' })).not.toContain('kms:');
  });

  it('names the stack of the service and the stage', async () => {
    const args = ['policy', 'print', '--for', 'deploy', '--stage', 'prod', '--json'];
    const env = configured('served', { service: 'acme', stages: ['prod'] });
    expect((await callMain(args, { env })).stdout).toContain(':stack/acme-prod/*');
  });

  it('refuses a key where objects are encrypted without one', async () => {
    const env = configured('plain', { encryption: 's3' });
    expect(await callMain(['policy', 'print', '--for', 'trial', '--key', KEY], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--key: expected none'),
    });
  });

  it('says that it is for the local cloud when no place is named', async () => {
    const note = 'For the local cloud. With --stage NAME: for that deployment.';
    const said = async (...args: string[]) => (await callMain(args)).stderr.includes(note);
    expect(await said('policy', 'print', '--for', 'trial')).toBe(true);
    expect(await said('policy', 'print', '--for', 'trial', '--local')).toBe(false);
    expect(await said('policy', 'print', '--for', 'trial', '--stage', 'dev')).toBe(false);
  });

  it.each(['ingest-source', 'export-target'])(
    'prints nothing for %s without a place: the customer would admit the local cloud',
    async (target) => {
      expect(await print('--for', target, '--account', '111122223333')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('SLUICE_POLICY_NO_STAGE'),
      });
      expect(await print('--for', target, '--stage', 'dev')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('sluice-dev-'),
      });
    },
  );

  it('has a key for a source that has one', async () => {
    const without = await printed('--for', 'ingest-source', '--local');
    const withKey = await printed('--for', 'ingest-source', '--local', '--source', 'bolt');
    expect(JSON.stringify(without)).not.toMatch(/kms|key(?!s)/i);
    expect(Object.keys(withKey)).toEqual(['bucketPolicy', 'keyPolicy', 'callerPolicy']);
  });

  it.each([
    { line: 'policy print', message: '--for' },
    { line: 'policy print --for tableau', message: 'statsig-bucket' },
    { line: 'policy --for owox', message: 'Expected print' },
    {
      line: 'policy print --for owox --account 12',
      message: '--account: got 12, expected 12 digits',
    },
    {
      line: 'policy print --for owox --reader bi',
      message: 'no reader for owox is named bi',
    },
    {
      line: 'policy print --for metabase --reader bi --source acme',
      message: 'no source for metabase is named acme',
    },
    {
      line: 'policy print --for export-target --export out --reader bi',
      message: 'no reader for export-target is named bi',
    },
    {
      line: 'policy print --for ingest-source --source bolt --export out',
      message: 'no export for ingest-source is named out',
    },
    { line: 'policy print --for owox --bucket acme', message: '--bucket' },
    {
      line: 'policy print --for owox --region eu-*',
      message: '--region: got eu-*, expected a region',
    },
    {
      line: 'policy print --for owox --key *',
      message: '--key: got *, expected the ARN of a KMS key of one region',
    },
    {
      line: `policy print --for owox --key ${KEY.replace('eu-west-1', 'us-east-1')}`,
      message: '--key: got a key of us-east-1, expected one of eu-west-1',
    },
    {
      line: `policy print --for owox --region us-east-1 --key ${KEY}`,
      message: '--key: got a key of eu-west-1, expected one of us-east-1',
    },
    {
      line: `policy print --for statsig-bucket --key ${KEY}`,
      message: '--key: no policy for statsig-bucket names the key',
    },
    {
      line: `policy print --for deploy --key ${KEY}`,
      message: '--key: no policy for deploy names the key',
    },
    {
      line: 'policy print --for deploy --stage *',
      message: '--stage: got *, expected letters, digits and -',
    },
  ])('refuses "$line"', async ({ line, message }) => {
    const { code, stdout, stderr } = await callMain(wordsOf(line), { env: { SLUICE_CONFIG: config } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
