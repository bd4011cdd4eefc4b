import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import { deniedCalls, judgedDeployment, NOW, ringingAlarm, wellFacts } from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about the deployment', () => {
  it('of what is gone tells what cannot be read without it, and no other finding does', () => {
    const gone = {
      what: 'table',
      name: 'sluice.statsig_forwarded_events',
      part: 'the tables of the catalog',
      differs: null,
      repair: [['glue', 'create-table']],
      isDeployed: true,
      deployedAt: null,
      changedAt: null,
      isOtherRelease: false,
    } as const;
    const unread = (part: string, name: string) => {
      return { part, why: `Table ${name} not found.`, kind: 'missing', log: null, isByKey: false } as const;
    };
    const unknown = [
      unread('the partitions', 'statsig_forwarded_events'),
      unread('the exports', 'old_statsig_forwarded_events'),
    ];
    expect(judge({ stackFaults: [gone], unknown })).toMatchObject([
      {
        code: 'SLUICE_FINDING_RESOURCE_MISSING',
        detail: expect.stringContaining('the partitions: Table statsig_forwarded_events not found'),
      },
      { code: 'SLUICE_FINDING_UNREADABLE', title: expect.stringMatching(/^The exports/) },
    ]);
  });

  it('of a table that differs tells the query that fails on it, and no other finding does', () => {
    const differing = {
      what: 'table',
      name: 'statsig_forwarded_events',
      part: 'the tables of the catalog',
      differs: ['column `event_name` is missing'],
      repair: [['glue', 'update-table']],
      isDeployed: true,
      deployedAt: null,
      changedAt: null,
      isOtherRelease: false,
    } as const;
    const unread = (part: string, column: string) => {
      const why = `COLUMN_NOT_FOUND: line 1:8: Column '${column}' cannot be resolved`;
      return { part, why, kind: 'query', log: null, isByKey: false } as const;
    };
    const unknown = [unread('the content of events', 'event_name'), unread('the tables', 'rule_id')];
    expect(judge({ stackFaults: [differing], unknown })).toMatchObject([
      {
        code: 'SLUICE_FINDING_TABLE_DIFFERS',
        detail: expect.stringMatching(/nobody can read the content of events: .* cannot be resolved$/),
      },
      { code: 'SLUICE_FINDING_UNREADABLE', title: expect.stringMatching(/^The tables/) },
    ]);
  });

  it('of denied calls says at least how many, and no first time, if the log has more than was read', () => {
    expect(judge({ deniedCalls: [deniedCalls] })).toMatchObject([
      {
        title: expect.stringMatching(/^AWS denied at least 9 calls of .*, seen now\.$/),
        since: null,
        detail: expect.stringContaining(' at least 9 times, for 14 days or more, last '),
      },
    ]);
  });

  it('of alarms that notify nobody is none in the local cloud', () => {
    const alarms = [{ ...ringingAlarm, state: 'OK', notifies: false }] as const;
    expect(judge({ isLocal: true, alarms })).toEqual([]);
  });

  it('of what another release has deployed offers no repair: the deployment is one', () => {
    const fault = { name: 'x', differs: ['a'], repair: [['glue', 'update-table']], isDeployed: true };
    const part = 'the tables of the catalog' as const;
    const faults = (['table', 'workgroup'] as const).map((what) => {
      return { ...fault, what, part, deployedAt: null, changedAt: null, isOtherRelease: true };
    });
    expect(judge({ stackFaults: faults }).map(({ commands }) => commands)).toEqual([[], []]);
  });

  it('of alarms whose actions are off has the command that turns them on', () => {
    const silent = ['sluice-prod-overflow', 'sluice-prod-api-5xx'].map((name) => {
      return { ...ringingAlarm, name, state: 'OK', notifies: false } as const;
    });
    const alarms = [
      ...silent,
      { ...ringingAlarm, name: 'sluice-prod-late', state: 'OK', notifies: true } as const,
    ];
    const topicArn = 'arn:aws:sns:eu-central-1:111122223333:a';
    const withTopic = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', alarms: { topicArn } }) };
    expect(judgeFacts({ ...wellFacts, alarms }, withTopic, 'eu-central-1')).toMatchObject([
      {
        code: 'SLUICE_FINDING_NO_TOPIC',
        commands: [
          'aws cloudwatch enable-alarm-actions --alarm-names sluice-prod-overflow sluice-prod-api-5xx --region eu-central-1',
        ],
      },
    ]);
    expect(judge({ alarms })).toMatchObject([{ code: 'SLUICE_FINDING_NO_TOPIC', commands: [] }]);
  });

  it('of rules that delete too early is none while the retention of the configuration is not deployed', () => {
    const bucketFault = {
      name: 'lifecycle',
      why: '',
      points: ['the rule sluice-events deletes objects of statsig/events/ after 30 days'],
      repair: [],
      isEarly: true,
    } as const;
    const codesOf = (setting: string) => {
      const undeployed = { settings: [setting], deployedAt: null };
      return judge({ bucketFaults: [bucketFault], undeployed }).map(({ code }) => code.slice(15));
    };
    expect(codesOf('exports: differs')).toContain('BUCKET_UNFIT');
    expect(codesOf('retention.forwardedDays: deployed 30, configured 400')).not.toContain('BUCKET_UNFIT');
  });

  it('tells several rules that archive', () => {
    const rule = { prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false } as const;
    const archivingRules = ['a', 'b', 'c'].map((id) => ({ ...rule, id, since: NOW }));
    const title = ', and 2 other rules archive more';
    const found: unknown = expect.objectContaining({ title: expect.stringContaining(title) });
    expect(judge({ archivingRules })).toEqual([found]);
  });
});
