import { createServer, type RequestListener } from 'node:http';
import { AthenaClient, type QueryExecutionState } from '@aws-sdk/client-athena';
import { CloudWatchClient, type StateValue, type StatusCode } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Run } from '../../../cli/trial/Answer.ts';
import {
  askAlarm,
  askDrop,
  askEncryption,
  askLakeFormation,
  askLakeSettings,
  askMetrics,
} from '../../../cli/trial/askServices.ts';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { answeredBy } from '../../harness/answering.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { listen } from '../../harness/listen.ts';

/** Answers each call to AWS; each test sets it. */
let answer: RequestListener;
beforeEach(() => {
  answer = (_, response) => void response.writeHead(500).end();
});
const server = createServer((request, response) => answer(request, response));
const endpoint = await listen(server);
const deployment = openDeployment(
  {
    config: defineConfig({
      bucket: 'acme',
      sources: [acmeSource({ datasets: [eventsDataset(), eventsDataset({ name: 'orders' })] })],
    }),
    stack: { service: 'sluice', stage: 'trial-0a1b2c3d' },
    isLocal: false,
    now: 0,
  },
  {
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  },
);
afterAll(() => {
  deployment.close();
  server.close();
});

/** The run whose requests go to {@link server}. */
const run: Run = {
  id: '0a1b2c3d',
  collector: endpoint,
  keys: { client: 'client-trial', server: 'secret-trial' },
  time: 0,
  lacks: new Set(),
};

/** The deployment with a CloudWatch that answers each call so, and with a clock that waiting moves. */
function probedBy(cloudwatch: () => object) {
  let waited = 0;
  return {
    ...deployment,
    cloudwatch: answeredBy(CloudWatchClient, cloudwatch),
    clock: { now: () => waited },
    wait: async (ms: number) => {
      waited += ms;
    },
  };
}

describe('the question of a dropped file', () => {
  /** Objects that were put, by their paths, and messages that were sent. */
  let done: { readonly puts: string[]; readonly messages: unknown[] };
  /**
   * Asks with a ledger that has the day so, and with an Athena whose queries stay in a state.
   *
   * @param entries The day at each look, the last of them again and again.
   */
  async function ask(entries: readonly Partial<LedgerEntry>[], State: QueryExecutionState, asked = run) {
    done = { puts: [], messages: [] };
    const left = [...entries];
    answer = ({ method, url = '' }, response) => {
      if (method === 'PUT') done.puts.push(url.replace(/\?.*/, ''));
      const entry = { dataset: 'orders', day: '1969-12-31', ...(left.length > 1 ? left.shift() : left[0]) };
      response.end(method === 'GET' ? JSON.stringify(ledgerEntry(entry)) : '');
    };
    const athena = answeredBy(AthenaClient, () => ({
      QueryExecutionId: 'q',
      QueryExecution: { Status: { State, StateChangeReason: 'because' } },
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: [{ Name: 'n', Type: 'bigint' }] },
        Rows: [{ Data: [{ VarCharValue: '3' }] }],
      },
    }));
    const sqs = answeredBy(SQSClient, ({ name, input }) => {
      if (name !== 'GetQueueUrl') done.messages.push(JSON.stringify(input));
      return { QueueUrl: 'q', Successful: [{ Id: '0' }] };
    });
    return askDrop({ ...probedBy(() => ({})), athena, sqs }, asked, () => {});
  }

  it.each([
    { what: 'counted', entry: {}, state: 'SUCCEEDED', drop: 'expected', policies: 'expected' },
    { what: 'refused', entry: {}, state: 'FAILED', drop: 'otherwise', policies: 'expected' },
    { what: 'stopped', entry: {}, state: 'RUNNING', drop: 'not asked', policies: 'expected' },
    {
      what: 'not asked, as the load failed',
      entry: { state: 'failed', failure: { code: 'SLUICE_X', message: 'x' } },
      state: 'SUCCEEDED',
      drop: 'otherwise',
      policies: 'otherwise',
    },
  ] as const)(
    'is answered $drop, and that of its policy $policies, if the query is $what',
    async ({ entry, state, drop, policies }) => {
      const answers = await ask([entry], state);
      expect(answers.map(({ code, verdict }) => [code, verdict])).toEqual([
        ['SLUICE_PROBE_POLICIES', policies],
        ['SLUICE_PROBE_DROP', drop],
      ]);
    },
  );

  it('is about a file of the day before in the last dataset, whose load is requested and waited for', async () => {
    const [policies, drop] = await ask([{ state: 'waiting' }, { state: 'loading' }, {}], 'SUCCEEDED');
    expect(policies?.found).toBe('succeeded');
    expect(drop?.found).toBe('loaded, 3 of 3 rows in acme_orders');
    expect(done).toEqual({
      puts: ['/acme-drops/orders/1969-12-31/part-0.parquet'],
      messages: [expect.stringMatching(/"q".*acme.*orders/)],
    });
  });

  it('is answered by the ledger where no Athena is', async () => {
    const rows = { in: 3, out: 3, refused: 0 };
    const lacks = new Set(['AWS::Athena::WorkGroup']);
    const [, drop] = await ask([{ rows }], 'FAILED', { ...run, lacks });
    expect(drop).toMatchObject({ verdict: 'expected', found: 'loaded, 3 of 3 rows by the ledger' });
  });

  it('is answered otherwise, with what the ledger says, if no load ends within its time', async () => {
    const [policies] = await ask([{ state: 'waiting' }], 'SUCCEEDED');
    expect(policies).toMatchObject({ verdict: 'otherwise', found: 'waiting' });
  });
});

describe('the question of metrics', () => {
  /** Asks with these answers of CloudWatch, one after the other, the last of them again and again. */
  function ask(...series: readonly { readonly status: StatusCode; readonly values: readonly number[] }[]) {
    const left = [...series];
    let looks = 0;
    const probed = probedBy(() => {
      looks += 1;
      const { status, values } = (left.length > 1 ? left.shift() : left[0]) ?? {
        status: 'Complete',
        values: [],
      };
      const Timestamps = values.map((_, i) => new Date(i * MINUTE_MS));
      return { MetricDataResults: [{ Id: 'm0', StatusCode: status, Timestamps, Values: values }] };
    });
    return askMetrics(probed, run, 3).then((asked) => ({ ...asked, looks }));
  }

  it.each([
    {
      what: 'as expected once there is a value for each request',
      series: [
        { status: 'Complete' as const, values: [1] },
        { status: 'Complete' as const, values: [1, 2] },
      ],
      verdict: 'expected',
      found: 'values of received: 3 of at least 3',
      looks: 2,
    },
    {
      what: 'as expected after an answer that was not complete',
      series: [
        { status: 'InternalError' as const, values: [] },
        { status: 'Complete' as const, values: [3] },
      ],
      verdict: 'expected',
      found: 'values of received: 3 of at least 3',
      looks: 2,
    },
    {
      what: 'otherwise if values are missing when the time is over',
      series: [{ status: 'Complete' as const, values: [2] }],
      verdict: 'otherwise',
      found: 'values of received: 2 of at least 3',
      looks: 10,
    },
    {
      what: 'with no verdict if no answer was complete',
      series: [{ status: 'PartialData' as const, values: [2] }],
      verdict: 'not asked',
      found: 'CloudWatch did not answer with all values',
      looks: 10,
    },
  ])('is answered $what', async ({ series, verdict, found, looks }) => {
    expect(await ask(...series)).toEqual({ code: 'SLUICE_PROBE_METRICS', verdict, found, looks });
  });

  it('is not asked where nothing makes metrics of log lines', async () => {
    const probed = probedBy(() => ({}));
    const asked = askMetrics(probed, { ...run, lacks: new Set(['AWS::Logs::MetricFilter']) }, 3);
    expect(await asked).toMatchObject({ verdict: 'not asked', found: expect.stringContaining('log lines') });
  });
});

describe('the question of the alarm', () => {
  /** Asks a collector that answers so, with an alarm that has these states, the last of them again and again. */
  function ask(status: number, body: object, ...states: readonly StateValue[]) {
    answer = (_, response) => void response.writeHead(status).end(JSON.stringify(body));
    const left = [...states];
    let looks = 0;
    const probed = probedBy(() => {
      looks += 1;
      const StateValue = left.length > 1 ? left.shift() : left[0];
      return { MetricAlarms: [{ AlarmName: 'sluice-trial-0a1b2c3d-mangled', StateValue }] };
    });
    return askAlarm(probed, run, () => {}).then(({ verdict, found }) => ({ verdict, found, looks }));
  }
  const mangled = { success: false, code: 'SLUICE_COLLECT_BODY_MANGLED' };

  it('is answered as expected once the body is refused and the alarm rings', async () => {
    expect(await ask(503, mangled, 'OK', 'ALARM')).toEqual({
      verdict: 'expected',
      found: '503, SLUICE_COLLECT_BODY_MANGLED; sluice-trial-0a1b2c3d-mangled: ALARM',
      looks: 2,
    });
  });

  it('is answered otherwise if no alarm rings within ten minutes', async () => {
    expect(await ask(503, mangled, 'OK')).toEqual({
      verdict: 'otherwise',
      found: '503, SLUICE_COLLECT_BODY_MANGLED; sluice-trial-0a1b2c3d-mangled: OK',
      looks: 31,
    });
  });

  it('is not asked of an alarm where nothing makes metrics of log lines', async () => {
    answer = (_, response) => void response.writeHead(503).end(JSON.stringify(mangled));
    const lacks = new Set(['AWS::Logs::MetricFilter']);
    const probed = probedBy(() => ({ MetricAlarms: [] }));
    expect(await askAlarm(probed, { ...run, lacks }, () => {})).toMatchObject({
      verdict: 'not asked',
      found: expect.stringMatching(/^503, SLUICE_COLLECT_BODY_MANGLED; .*log lines/),
    });
  });

  it.each([
    { status: 202, body: { success: true }, found: '202' },
    { status: 400, body: mangled, found: '400, SLUICE_COLLECT_BODY_MANGLED' },
    {
      status: 503,
      body: { success: false, code: 'SLUICE_COLLECT_NOT_DELIVERED' },
      found: '503, SLUICE_COLLECT_NOT_DELIVERED',
    },
  ])(
    'is answered otherwise, without a look at the alarm, if the reply is $found',
    async ({ status, body, found }) => {
      expect(await ask(status, body, 'ALARM')).toEqual({ verdict: 'otherwise', found, looks: 0 });
    },
  );
});

describe('the question of encryption', () => {
  const DENIED = '<Error><Code>AccessDenied</Code></Error>';
  const STARTED = '<R><UploadId>1</UploadId></R>';
  /** Which puts a bucket denies: by folder, and whether they have the header or are a part of an upload. */
  type Denies = (folder: string, put: 'bare' | 'stated' | 'part') => boolean;
  const asBothStatements: Denies = (_, put) => put === 'bare';

  async function ask(denies: Denies, key?: string) {
    answer = ({ method, url = '', headers }, response) => {
      const [, folder = ''] = /([^/]+)\/k\b/.exec(url) ?? [];
      const stated = headers['x-amz-server-side-encryption'];
      const wholePut = stated === undefined ? 'bare' : 'stated';
      const put = url.includes('partNumber') ? 'part' : wholePut;
      if (key !== undefined && stated === 'aws:kms')
        response.setHeader('x-amz-server-side-encryption-aws-kms-key-id', key);
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

  it("is answered with the key that S3 names, which is of the bucket's account", async () => {
    const key = `arn:aws:kms:us-east-1:${acmeSource().owner}:key/2`;
    expect(await ask(asBothStatements, key)).toMatchObject({
      verdict: 'expected',
      found: expect.stringContaining(
        `aws:kms: without AccessDenied, with stored, encrypted with ${key}, in parts stored`,
      ),
    });
  });

  it('is not answered if S3 cannot be reached', async () => {
    answer = (request) => void request.socket.destroy();
    await expect(askEncryption(deployment)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each<{ readonly what: string; readonly denies: Denies }>([
    { what: 'an object without the header is stored', denies: () => false },
    { what: 'an object with the header is denied', denies: (_, put) => put !== 'part' },
    { what: 'parts are denied', denies: (_, put) => put !== 'stated' },
    { what: 'AES256 alone is denied', denies: (folder, put) => put === 'bare' || folder === 'encrypted' },
    {
      what: 'aws:kms alone is denied',
      denies: (folder, put) => put === 'bare' || folder === 'encrypted-kms',
    },
    {
      what: 'aws:kms alone is stored without the header',
      denies: (folder, put) => put === 'bare' && folder === 'encrypted',
    },
  ])('is answered otherwise if $what', async ({ denies }) => {
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
