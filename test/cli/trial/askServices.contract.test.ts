import { createServer, type RequestListener } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, describe, expect, it } from '@jest/globals';
import { askEncryption, askLakeFormation, askLakeSettings } from '../../../cli/trial/askServices.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { listen } from '../../harness/listen.ts';

/** Answers each call to AWS; each test sets it. */
let answer: RequestListener = (_, response) => void response.writeHead(500).end();
const server = createServer((request, response) => answer(request, response));
const deployment = openDeployment(
  {
    config: defineConfig({ bucket: 'acme', sources: [acmeSource()] }),
    stack: { service: 'sluice', stage: 'trial-0a1b2c3d' },
    isLocal: false,
    now: 0,
  },
  {
    region: 'us-east-1',
    endpoint: await listen(server),
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  },
);
afterAll(() => {
  deployment.close();
  server.close();
});

describe('the question of encryption', () => {
  const DENIED = '<Error><Code>AccessDenied</Code></Error>';
  const STARTED = '<R><UploadId>1</UploadId></R>';
  /** Which puts a bucket denies: by folder, and whether they have the header or are a part of an upload. */
  type Denies = (folder: string, put: 'bare' | 'stated' | 'part') => boolean;
  const asBothStatements: Denies = (_, put) => put === 'bare';

  async function ask(denies: Denies) {
    answer = ({ method, url = '', headers }, response) => {
      const [, folder = ''] = /([^/]+)\/k\b/.exec(url) ?? [];
      const stated = headers['x-amz-server-side-encryption'];
      const wholePut = stated === undefined ? 'bare' : 'stated';
      const put = url.includes('partNumber') ? 'part' : wholePut;
      if (method === 'PUT' && denies(folder, put)) response.writeHead(403).end(DENIED);
      else response.setHeader('etag', '"1"').end(url.includes('uploads') ? STARTED : '<R/>');
    };
    return askEncryption(deployment);
  }

  it('is answered as expected if only what lacks the header is denied', async () => {
    expect(await ask(asBothStatements)).toEqual({
      code: 'SLUICE_PROBE_ENCRYPTION',
      verdict: 'expected',
      found:
        'AES256: without AccessDenied, with stored, in parts stored; aws:kms: without AccessDenied, with stored, in parts stored',
    });
  });

  it.each<[what: string, denies: Denies]>([
    ['an object without the header is stored', () => false],
    ['an object with the header is denied', (_, put) => put !== 'part'],
    ['parts are denied', (_, put) => put !== 'stated'],
    ['AES256 alone is denied', (folder, put) => put === 'bare' || folder === 'encrypted'],
    ['aws:kms alone is denied', (folder, put) => put === 'bare' || folder === 'encrypted-kms'],
    ['aws:kms alone is stored without the header', (folder, put) => put === 'bare' && folder === 'encrypted'],
  ])('is answered otherwise if %s', async (_, denies) => {
    expect(await ask(denies)).toMatchObject({ verdict: 'otherwise' });
  });
});

describe('the questions of Lake Formation', () => {
  const byIam = [
    { Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' }, Permissions: ['ALL'] },
  ];

  it.each([
    {
      name: 'as expected if tables are left to IAM',
      CreateTableDefaultPermissions: byIam,
      registered: [false, undefined],
      verdict: 'expected',
      found: 'new tables are left to IAM; 0 of 2 tables registered',
    },
    {
      name: 'otherwise if new tables are not',
      CreateTableDefaultPermissions: [],
      registered: [false],
      verdict: 'otherwise',
      found: 'new tables are not left to IAM; 0 of 1 tables registered',
    },
    {
      name: 'otherwise if new tables are left to somebody else',
      CreateTableDefaultPermissions: [
        {
          Principal: { DataLakePrincipalIdentifier: 'arn:aws:iam::111122223333:role/lake' },
          Permissions: ['ALL'],
        },
      ],
      registered: [false],
      verdict: 'otherwise',
      found: 'new tables are not left to IAM; 0 of 1 tables registered',
    },
    {
      name: 'otherwise if a location is registered',
      CreateTableDefaultPermissions: byIam,
      registered: [false, true],
      verdict: 'otherwise',
      found: 'new tables are left to IAM; 1 of 2 tables registered',
    },
  ])('are answered $name', async ({ CreateTableDefaultPermissions, registered, verdict, found }) => {
    const TableList = registered.map((IsRegisteredWithLakeFormation, i) => ({
      Name: `t${i}`,
      IsRegisteredWithLakeFormation,
    }));
    answer = ({ headers }, response) =>
      response.end(
        JSON.stringify(
          headers['x-amz-target'] === 'AWSGlue.GetDatabase'
            ? { Database: { Name: 'sluice', CreateTableDefaultPermissions } }
            : { TableList },
        ),
      );
    expect(await askLakeFormation(deployment)).toEqual({
      code: 'SLUICE_PROBE_LAKE_FORMATION',
      verdict,
      found,
    });
  });

  const DataLakeAdmins = [{ DataLakePrincipalIdentifier: 'arn:aws:iam::111122223333:role/lake' }];
  it.each([
    {
      name: 'its administrators and to whom it leaves databases',
      DataLakeSettings: { DataLakeAdmins, CreateDatabaseDefaultPermissions: byIam },
      verdict: 'expected',
      found: '1 administrator; new databases are of IAM_ALLOWED_PRINCIPALS',
    },
    {
      name: 'that nobody has new databases',
      DataLakeSettings: {},
      verdict: 'expected',
      found: '0 administrators; new databases are of nobody',
    },
    {
      name: 'what it answers instead of settings',
      DataLakeSettings: undefined,
      verdict: 'not asked',
      found: '403 {"message":"no"}',
    },
  ])('tell $name', async ({ DataLakeSettings, verdict, found }) => {
    answer = ({ url }, response) => {
      if (DataLakeSettings === undefined || url !== '/GetDataLakeSettings')
        response.writeHead(403).end('{"message":"no"}');
      else response.end(JSON.stringify({ DataLakeSettings }));
    };
    const lambda = new LambdaClient(deployment.aws);
    expect(await askLakeSettings(deployment.aws, lambda).finally(() => lambda.destroy())).toEqual({
      code: 'SLUICE_PROBE_LAKE_SETTINGS',
      verdict,
      found,
    });
  });
});
