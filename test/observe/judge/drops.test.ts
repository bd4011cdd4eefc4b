import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { targetCommands } from '../../../observe/commands.ts';
import { explainStoredCode } from '../../../observe/explainCode.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import {
  curatedTable,
  datasetFacts,
  failedDay,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  judgedDeployment,
  loadedDay,
  NOW,
  namedExport,
  ongoingFailure,
  wellFacts,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about drops and exports', () => {
  it('of a day that failed on the first day of the lookback is cured by the next run', () => {
    const days = [{ ...failedDay, day: '2026-11-17', failure: 'SLUICE_INGEST_FILE_TRUNCATED' }];
    const found = judge({ ...datasetFacts({ days }), exports: [{ ...namedExport, days }] });
    expect(found.map(({ commands }) => commands.map((command) => command.split(' --stage')[0]))).toEqual([
      [
        'npx sluice ingest explain --source acme --dataset orders --day 2026-11-17',
        'npx sluice ingest run --source acme --dataset orders',
      ],
      ['npx sluice export status --export out', 'npx sluice export run --export out'],
    ]);
  });

  it.each([
    ['SLUICE_INGEST_FILE_TRUNCATED', ['ingest explain', 'ingest run']],
    ['SLUICE_SOURCE_NOTHING_LOADABLE', ['ingest explain', 'ingest run']],
    ['SLUICE_SOURCE_FILES_COMPRESSED', ['ingest explain', 'ingest run']],
    // The files stay, and a run tries them again after 12 hours only.
    ['SLUICE_INGEST_COLUMN_MISSING', ['ingest explain', 'ingest backfill']],
    ['SLUICE_LOAD_ROWS_REFUSED', ['ingest explain', 'ingest backfill']],
    ['SLUICE_SOURCE_ROLE_DENIED', ['ingest explain', 'policy print', 'ingest backfill']],
  ])('of a day that failed with %s says why, and has the commands %j', (failure, commands) => {
    const failureMessage = 'A file is wrong. orders/2026-11-18/a.parquet.';
    const found = judge(datasetFacts({ days: [{ ...failedDay, failure, failureMessage }] }));
    const [ownCure = ''] = explainStoredCode(failure).cure.split(/ ?`/);
    expect(found).toMatchObject([
      { cause: expect.stringContaining(failureMessage), cure: expect.stringContaining(ownCure) },
    ]);
    expect(found[0]?.commands.map((command) => /npx sluice (\w+ \w+)/.exec(command)?.[1])).toEqual(commands);
  });

  it('of late days that have another name in the folder is one, is a problem, and gives up no day', () => {
    const days = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day, i) => ({
      ...loadedDay,
      day,
      state: i === 0 ? ('succeeded' as const) : null,
    }));
    const lastLook = { ...hourOldLook, elsewhere: { days: [], others: ['2026/'] } };
    const late = [{ day: '2026-11-18', due: NOW - 2 * HOUR_MS }];
    const found = judge(datasetFacts({ days, lastLook, late }));
    expect(found).toMatchObject([
      { severity: 'problem', commands: [expect.stringContaining('ingest backfill')] },
    ]);
  });

  const lookedAgo = (hours: number) =>
    datasetFacts({ lastLook: { ...hourOldLook, at: NOW - hours * HOUR_MS } });
  it.each<{ what: string; facts: Partial<StatusFacts> }>([
    { what: 'was listed last before that', facts: lookedAgo(60) },
    { what: 'was never listed', facts: { ...datasetFacts({ lastLook: null }), deployedAt: hoursAgo(60) } },
  ])('of a plan that does not run is the only one of a folder that $what', ({ facts }) => {
    const plan = { part: 'ingest-plan', messages: 3, schedule: 'daily', since: hoursAgo(30) } as const;
    const codes = judge({ ...facts, idleFunctions: [plan] }).map(({ code }) => code);
    expect(codes).toEqual(['SLUICE_FINDING_NOT_RUN']);
  });

  it.each<{ what: string; since: number | undefined; expected: string }>([
    { what: 'since the last load', since: NOW - 90 * HOUR_MS, expected: '2026-11-17T08:00:00.000Z' },
    { what: 'since the folder is another', since: NOW - 50 * HOUR_MS, expected: hoursAgo(50) },
    {
      what: 'since the last load where nobody noted the folder',
      since: undefined,
      expected: '2026-11-17T08:00:00.000Z',
    },
  ])('of a folder without files is $what', ({ since, expected }) => {
    const place = since === undefined ? {} : { place: { name: 's3://customers/orders/', since } };
    const found = judge(
      datasetFacts({
        days: [{ ...loadedDay, version: '20261117T080000000Z-0123abcd' }],
        lastLook: { ...hourOldLook, stopped: true, ...place },
      }),
    );
    expect(found.map((finding) => finding.since)).toEqual([expected]);
  });

  it('of many days that failed apart has commands for three ranges of them', () => {
    const days = ['03', '05', '07', '09'].map((day) => ({ ...failedDay, day: `2026-11-${day}` }));
    const found = judge({ ...datasetFacts({ days }), exports: [{ ...namedExport, days }] });
    const ranges = found.map(({ commands }) => commands.filter((command) => command.includes(' --from ')));
    expect(ranges.map(({ length }) => length)).toEqual([3, 3]);
  });

  it('of a folder that runs did not list shows their log', () => {
    const [found] = judge({ ...lookedAgo(60), functionErrors: null });
    expect(found).toMatchObject({
      cause: findingCatalogue.SLUICE_FINDING_INGEST_LATE.cases.passed.cause,
      commands: [
        expect.stringContaining(
          'logs filter-log-events --log-group-name /aws/lambda/sluice-prod-ingest-plan ',
        ),
        expect.stringContaining('ingest run '),
      ],
    });
  });

  it('of a late day names what its folder has beside days', () => {
    const late = [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }];
    const lastLook = { ...hourOldLook, elsewhere: { days: [], others: ['v2/'] } };
    expect(judge(datasetFacts({ late, lastLook }))).toMatchObject([
      {
        title: expect.stringContaining('the folder has v2/'),
        commands: [expect.stringContaining('ingest status')],
      },
    ]);
  });

  it.each([
    { what: 'came with it', since: '2026-11-20T03:00:00Z', named: true },
    { what: 'were there on days that came', since: '2026-11-17T03:00:00Z', named: false },
  ])(
    'of a late day names what its folder has beside days: $named of names that $what',
    ({ since, named }) => {
      const late = [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }];
      const namesSince = { 'v2/': Date.parse(since) };
      const lastLook = { ...hourOldLook, elsewhere: { days: [], others: ['v2/'] }, namesSince };
      const [found] = judge(datasetFacts({ late, lastLook }));
      expect(found?.title.includes('the folder has v2/')).toBe(named);
    },
  );

  it('of days of which the mapping reads another column loads each of them again', () => {
    const days = ['2026-11-18', '2026-11-19'].map((day) => ({
      ...loadedDay,
      day,
      unusual: 'has other values',
      unusualParts: [{ kind: 'mapping', short: 'has other values' }] as const,
    }));
    const [found, ...others] = judge(datasetFacts({ days }));
    expect(others).toEqual([]);
    expect(found?.cause).toBe(findingCatalogue.SLUICE_FINDING_ROWS_UNUSUAL.cases.mapping.cause);
    expect(
      found?.commands.map((command) => /ingest (\w+).*(--from .*) --stage/.exec(command)?.slice(1)),
    ).toEqual([
      undefined,
      ['backfill', '--from 2026-11-18 --to 2026-11-19'],
      ['accept', '--from 2026-11-18 --to 2026-11-19'],
    ]);
  });

  it.each([
    ['values', ['explain', 'backfill', 'accept keep']],
    ['rows', ['explain', 'accept keep']],
    ['equalFiles', ['explain', 'accept keep']],
  ] as const)('of a day that is unusual by its %s has the commands of that', (kind, actions) => {
    const unusual = `has ${'long names, '.repeat(40)}`;
    const unusualParts = [
      { kind, short: 'has what is short' },
      { kind: 'days', short: 'has more' },
    ] as const;
    const [found] = judge(datasetFacts({ days: [{ ...loadedDay, unusual, unusualParts }] }));
    expect(found?.title).toContain('2026-11-19 has what is short, and differs in 1 other point');
    expect(found?.detail).toContain(unusual);
    expect(found?.commands.map((command) => /ingest (\w+( keep)?)/.exec(command)?.[1])).toEqual(actions);
  });

  it('of days that are unusual is one for each way, since the first of them', () => {
    const days = (['repeats', 'names', 'names'] as const).map((kind, i) => ({
      ...loadedDay,
      day: `2026-11-1${7 + i}`,
      version: `2026111${8 + i}T081500123Z-1f6c09ab`,
      unusual: 'differs',
      unusualParts: [{ kind, short: `has ${kind}` }],
    }));
    expect(
      judge(datasetFacts({ days })).map(({ title, since }) => [/has \w+/.exec(title)?.[0], since]),
    ).toEqual([
      ['has names', '2026-11-19T08:15:00.123Z'],
      ['has repeats', '2026-11-18T08:15:00.123Z'],
    ]);
  });

  it('of days that failed is one for each reason', () => {
    const codes = [
      'SLUICE_INGEST_FILE_TRUNCATED',
      'SLUICE_INGEST_COLUMN_MISSING',
      'SLUICE_INGEST_FILE_TRUNCATED',
    ];
    const days = codes.map((failure, i) => ({ ...failedDay, day: `2026-11-${17 + i}`, failure }));
    expect(judge(datasetFacts({ days })).map(({ title }) => title.split(', since')[0])).toEqual([
      '2 days of acme/orders could not be loaded, the newest 2026-11-19 with SLUICE_INGEST_FILE_TRUNCATED',
      '1 day of acme/orders could not be loaded, the newest 2026-11-18 with SLUICE_INGEST_COLUMN_MISSING',
    ]);
  });

  it.each([
    { day: '2026-11-16', place: 'before the lookback', told: 'before' },
    { day: '2026-11-17', place: 'on its first day', told: 'noFile' },
  ] as const)('of a late day $place has the cause $told', ({ day, told }) => {
    const { cause } = findingCatalogue.SLUICE_FINDING_INGEST_LATE.cases[told];
    expect(judge(datasetFacts({ late: [{ day, due: NOW - 2 * HOUR_MS }] }))).toMatchObject([{ cause }]);
  });

  it('of a role that a customer does not let the export take has the cure of its code alone', () => {
    const failure = 'SLUICE_EXPORT_ROLE_DENIED';
    const [found] = judge({ exports: [{ ...namedExport, days: [{ ...failedDay, failure }] }] });
    const cure = targetCommands(explainStoredCode(failure).cure, [
      '--stage',
      'prod',
      '--region',
      'eu-central-1',
    ]);
    expect(found?.cure).toBe(
      `${cure.replace('--export …', '--export out')} Then the last command exports these days.`,
    );
  });

  it('of a call that a customer denies names the role and the call that it needs', () => {
    const days = [{ ...failedDay, failure: 'SLUICE_SOURCE_KEY_DENIED' }];
    const code = 'SLUICE_EXPORT_ACCESS_DENIED';
    const found = judge({
      ...datasetFacts({ days }),
      exports: [{ ...namedExport, days: [{ ...failedDay, failure: code }] }],
    });
    expect(found).toMatchObject([
      { detail: expect.stringMatching(/ The role sluice-prod-IngestLoadRole-\* needs kms:Decrypt there\.$/) },
      {
        detail: expect.stringMatching(
          / The role sluice-prod-ExportRole-\* needs s3:ListBucket and s3:PutObject there\.$/,
        ),
      },
    ]);
  });

  const denied = (role: string, policy: string) =>
    `The customer's bucket refuses the call. customers/out/x: AccessDenied: User: arn:aws:sts::222222222222:assumed-role/${role}/sluice is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::customers/out/x" ${policy}.`;
  const noIdentity = 'because no identity-based policy allows the s3:PutObject action';
  it.each([
    [
      'theirs',
      noIdentity,
      'The identity-based policy of the role theirs in the account 222222222222 does not allow s3:PutObject: the policy of the bucket is not what denies it.',
      'Have its owner allow s3:PutObject there: `rolePermissions` of',
    ],
    [
      'sluice-prod-ExportRole-1',
      noIdentity,
      'The identity-based policy of the role sluice-prod-ExportRole-1',
      'Set back what was changed of this role',
    ],
    [
      'theirs',
      'because no resource-based policy allows the s3:PutObject action',
      'The policy of the bucket does not allow s3:PutObject.',
      'Have its owner allow s3:PutObject there: `bucketPolicy` of',
    ],
    [
      'theirs',
      'with an explicit deny in a permissions boundary',
      'A statement in the permissions boundary of the role theirs in the account 222222222222 denies s3:PutObject.',
      'Have its owner take s3:PutObject out of that statement.',
    ],
  ])('of a call that AWS denies %s %s says whose policy it is', (role, policy, cause, cure) => {
    const failure = { failure: 'SLUICE_EXPORT_ACCESS_DENIED', failureMessage: denied(role, policy) };
    const [found] = judge({ exports: [{ ...namedExport, days: [{ ...failedDay, ...failure }] }] });
    expect({ cause: found?.cause.slice(0, cause.length), cure: found?.cure.slice(0, cure.length) }).toEqual({
      cause,
      cure,
    });
  });

  const missing = (lastGood?: number) => {
    const failure = { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.', since: NOW - HOUR_MS };
    const days = [{ ...failedDay, failure: failure.code }];
    return datasetFacts({
      lastLook: { ...hourOldLook, failure: { ...failure, ...(lastGood === undefined ? {} : { lastGood }) } },
      days,
    });
  };

  it('of a bucket that is gone has when it was read last, and stands for the loads that it fails', () => {
    expect(judge(missing(NOW - 2 * HOUR_MS))).toMatchObject([
      {
        title: `The bucket customers of acme/orders does not exist; it was listed last at ${hoursAgo(2)}, since ${hoursAgo(1)}.`,
        cause: expect.stringContaining('deleted'),
      },
    ]);
    const [never, ...others] = judge(missing());
    expect(others).toEqual([]);
    expect(never?.title).toContain('it was never there');
    expect(never?.cause).not.toContain('deleted');
  });

  it.each([
    {
      what: 'the configuration has another owner since, is to be set back',
      lastGood: NOW - 3 * HOUR_MS,
      owner: '111111111111',
      known: `; it was listed last at ${hoursAgo(3)}, when owner was 111111111111`,
      named: 'ownerSet',
    },
    {
      what: 'the configuration has the owner of before, is a stranger',
      lastGood: NOW - 3 * HOUR_MS,
      owner: '222222222222',
      known: `; it was listed last at ${hoursAgo(3)}`,
      named: 'owner',
    },
    {
      what: 'no listing found otherwise, is a stranger',
      lastGood: undefined,
      owner: undefined,
      known: '',
      named: 'owner',
    },
  ] as const)(
    'of a bucket of another account, where $what, once for a source',
    ({ lastGood, owner, known, named }) => {
      const failure = { code: 'SLUICE_SOURCE_OWNER_DIFFERS', message: 'X.', since: NOW - HOUR_MS };
      const place = { name: 's3://customers/x', since: NOW - 9 * HOUR_MS, ...(owner && { owner }) };
      const failed = { ...failure, ...(lastGood && { lastGood }) };
      const late = [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }];
      const datasets = ['orders', 'refunds'].flatMap(
        (dataset) =>
          datasetFacts({ dataset, late, lastLook: { ...hourOldLook, failure: failed, place } }).datasets,
      );
      const source = {
        name: 'acme',
        bucket: 'customers',
        owner: '222222222222',
        region: 'eu-central-1',
      } as const;
      const tables = ['orders', 'refunds'].map(
        (name) => ({ name, kind: 'table', mapping: { columns: { n: 'n' } } }) as const,
      );
      const config = defineConfig({ bucket: 'acme', sources: [{ ...source, datasets: tables }] });
      const facts = { ...wellFacts, datasets };
      const { cause, cure } = findingCatalogue.SLUICE_FINDING_SOURCE_UNREADABLE.cases[named];
      expect(judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1')).toMatchObject([
        {
          title: `The bucket customers of acme is of another account than owner of the source, 222222222222${known}, since ${hoursAgo(1)}.`,
          cause,
          cure,
          detail: expect.stringContaining('2 datasets: acme/orders, acme/refunds'),
          commands: [
            expect.stringContaining('--dataset orders'),
            expect.stringContaining('--dataset refunds'),
          ],
        },
      ]);
    },
  );

  it('is none of a bucket that was mistyped until the last deployment', () => {
    const place = 's3://custmers/orders/YYYY-MM-DD';
    const failure = { code: 'SLUICE_SOURCE_BUCKET_MISSING', message: 'X.', place };
    expect(judge(datasetFacts({ lastLook: { ...hourOldLook, failure } }))).toEqual([]);
  });

  const KEY = 'arn:aws:kms:eu-central-1:222222222222:key/1';
  const keyDenied = `X. AccessDenied: User: arn:aws:sts::222222222222:assumed-role/sluice-prod-ExportRole-1/x is not authorized to perform: kms:GenerateDataKey on resource: ${KEY} because no identity-based policy allows the kms:GenerateDataKey action`;
  it.each([
    { message: keyDenied, arn: KEY },
    { message: null, arn: "the ARN of the bucket's key" },
  ])('of a key that the configuration does not name is cured by naming $arn', ({ message, arn }) => {
    const failed = (code: string) => ({ ...failedDay, failure: code, failureMessage: message });
    const found = judge({
      ...datasetFacts({ days: [failed('SLUICE_SOURCE_KEY_DENIED')] }),
      exports: [{ ...namedExport, days: [failed('SLUICE_EXPORT_KEY_DENIED')] }],
    });
    expect(found.map(({ cure }) => cure.slice(0, cure.indexOf(arn) + arn.length))).toEqual([
      `Set \`kmsKeyArn\` of the source to ${arn}`,
      `Set \`target.kmsKeyArn\` of the export to ${arn}`,
    ]);
  });

  it('of a key that the configuration names has what its owner is to do', () => {
    const dataset = { name: 'orders', kind: 'table', mapping: { columns: { n: 'n' } } } as const;
    const owner = { owner: '222222222222', region: 'eu-central-1', kmsKeyArn: KEY } as const;
    const sources = [{ name: 'acme', bucket: 'customers', ...owner, datasets: [dataset] }];
    const config = defineConfig({ bucket: 'acme', sources });
    const days = [{ ...failedDay, failure: 'SLUICE_SOURCE_KEY_DENIED', failureMessage: null }];
    const facts = { ...wellFacts, ...datasetFacts({ days }) };
    const [found] = judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1');
    expect(found?.cure).toMatch(/^Have the key's owner add the `keyPolicy`/);
    expect(found?.commands.map((command) => /npx sluice (\w+ \w+)/.exec(command)?.[1])).toEqual([
      'ingest explain',
      'policy print',
      'ingest backfill',
    ]);
  });

  it.each([
    {
      code: 'SLUICE_SOURCE_ACCESS_DENIED',
      needs: 'The role arn:aws:iam::222222222222:role/drops needs s3:ListBucket',
    },
    {
      code: 'SLUICE_SOURCE_KEY_DENIED',
      needs: 'The role arn:aws:iam::222222222222:role/drops needs kms:Decrypt',
    },
    {
      code: 'SLUICE_SOURCE_ROLE_DENIED',
      needs: 'The role sluice-prod-IngestPlanRole-* needs sts:AssumeRole',
    },
  ])(
    'of a folder that a role of the customer lists names whose right is lacking for $code',
    ({ code, needs }) => {
      const dataset = { name: 'orders', kind: 'table', mapping: { columns: { n: 'n' } } } as const;
      const role = { arn: 'arn:aws:iam::222222222222:role/drops', externalId: 'sluice-1' };
      const owner = { owner: '222222222222', region: 'eu-central-1', role } as const;
      const sources = [{ name: 'acme', bucket: 'customers', ...owner, datasets: [dataset] }];
      const deployment = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', sources }) };
      const facts = datasetFacts({ lastLook: { ...hourOldLook, failure: { code, message: 'No.' } } });
      const [found] = judgeFacts({ ...wellFacts, ...facts }, deployment, 'eu-central-1');
      expect(found?.detail).toContain(needs);
    },
  );

  it.each([
    {
      header: 'x-amz-server-side-encryption',
      wanted: null,
      cure: "Set `target.encryption` of the export to 'AES256'",
    },
    {
      header: 'x-amz-server-side-encryption',
      wanted: 'aws:kms',
      cure: "Set `target.kmsKeyArn` of the export to the ARN of the bucket's key",
    },
    {
      header: 'x-amz-server-side-encryption-aws-kms-key-id',
      wanted: KEY,
      cure: `Set \`target.kmsKeyArn\` of the export to ${KEY}`,
    },
    {
      header: 'x-amz-server-side-encryption-aws-kms-key-id',
      wanted: 'arn:aws:kms:*:222222222222:key/*',
      cure: "Set `target.kmsKeyArn` of the export to the ARN of the bucket's key",
    },
    {
      header: 'x-amz-server-side-encryption',
      wanted: 'aws:kms:dsse',
      cure: 'No setting sends this',
    },
  ])('of an export whose bucket demands a header names the statement: $wanted', ({ cure, ...demand }) => {
    const days = [{ ...failedDay, failure: 'SLUICE_EXPORT_ACCESS_DENIED' }];
    const encryptionDemands = [{ export: 'out', sid: 'Encrypted', ...demand }];
    const [found] = judge({ exports: [{ ...namedExport, days }], encryptionDemands });
    expect(found?.cause).toMatch(
      /^The statement Encrypted of the bucket's policy denies objects without the header/,
    );
    expect(found?.cure.slice(0, cure.length)).toBe(cure);
    expect(found?.commands.join()).toContain('policy print');
  });

  it('of a day whose rows were refused has the reason of the rows in its title, and its cure', () => {
    const message =
      'More rows were refused than the dataset allows. 90 of 90 rows, 1 % allowed: SLUICE_INGEST_ROW_TIME_MICROSECONDS 90.';
    const failed = { ...failedDay, failure: 'SLUICE_LOAD_ROWS_REFUSED', failureMessage: message };
    const [found] = judge(datasetFacts({ days: [failed] }));
    expect(found?.title).toBe(
      `1 day of acme/orders could not be loaded, the newest 2026-11-18 with SLUICE_LOAD_ROWS_REFUSED (SLUICE_INGEST_ROW_TIME_MICROSECONDS), since ${hoursAgo(30)}.`,
    );
    expect(found?.cause).toContain(`${message} The time counts microseconds since 1970`);
    expect(found?.cure).toMatch(/^Set `unit: 'us'` of the time column/);
  });

  it('of days that failed before the lookback has the commands that show them and try them again', () => {
    const old = [{ ...failedDay, day: '2026-11-01' }, failedDay];
    const replaced = { ...failedDay, failing: { ...ongoingFailure, replaced: NOW } };
    const found = judge({
      ...datasetFacts({ days: [old[0] ?? failedDay, replaced] }),
      exports: [{ ...namedExport, days: old }],
      curated: [
        {
          ...curatedTable,
          failed: [
            { day: '2026-11-01', code: 'SLUICE_CURATE_KILLED', message: 'It was killed.', ...ongoingFailure },
          ],
        },
      ],
    });
    const words = found.flatMap(({ commands }) => commands.map((command) => command.split(' --stage')[0]));
    expect(found[0]?.detail).toContain(`until other files came at ${hoursAgo(0)}`);
    expect(words).toEqual([
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
      'npx sluice ingest run --source acme --dataset orders',
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-01',
      'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-01 --to 2026-11-01',
      'npx sluice export status --export out --days 21',
      'npx sluice export run --export out',
      'npx sluice export run --export out --from 2026-11-01 --to 2026-11-01',
      'npx sluice curate status --table events --days 21',
      'npx sluice curate run --table events',
    ]);
  });

  it('tells old days with files without rows', () => {
    const late = [{ day: '2026-11-01', due: NOW - 400 * HOUR_MS, empty: '1 file, 0 rows' }];
    const found: unknown = expect.objectContaining({
      title: expect.stringContaining('have no rows (1 file, 0 rows)'),
      cause: expect.stringContaining(
        'Files of the day came while runs looked for it, and have no row; none looks at it any more.',
      ),
    });
    expect(judge(datasetFacts({ late }))).toEqual([found]);
  });
});
