import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import { targetCommands } from '../../../observe/commands.ts';
import { FAILED_REQUESTS } from '../../../observe/facts/flow/loggedRequests.ts';
import type { LastHour } from '../../../observe/facts/flow/requestCounts.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { ContentChange } from '../../../observe/facts/tables/contentChanges.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import {
  changedRequests,
  failedRequests,
  functionErrors,
  HOUR_MS,
  hoursAgo,
  judgedDeployment,
  quarantineCount,
  refusedRequests,
  requestGroup,
  silentFacts,
  silentSince,
  usualHours,
  wellDay,
  wellFacts,
  wellHour,
  wellKeys,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about requests', () => {
  it.each([
    [3, 5, 'problem'],
    [1, 2, 'warning'],
    [20, 400, 'problem'],
    [19, 400, 'warning'],
    [20, 401, 'warning'],
  ])('of %i of %i refused requests is a %s', (refused, requests, severity) => {
    expect(judge(refusedRequests({ SLUICE_KEY_UNKNOWN: refused }, requests))).toMatchObject([
      {
        severity,
        detail: expect.stringContaining(`: ${refused} SLUICE_KEY_UNKNOWN.`),
        commands: [
          expect.stringMatching(/^npx sluice keys list /),
          expect.stringMatching(/^printf %s "\$SDK_KEY" \| npx sluice keys add LABEL /),
          expect.any(String),
        ],
      },
    ]);
  });

  it.each([
    [[9], 'warning'],
    [[2], 'warning'],
    [[1.9], 'problem'],
    [[9, 1], 'problem'],
    [[1, 9], 'problem'],
  ] as const)('of requests that AWS refused %j hours ago is a %s', (hours, severity) => {
    const unreached = hours.map((age) => ({ kind: '4xx', hour: hoursAgo(age), count: 50, of: 100 }) as const);
    expect(judge({ unreached })).toMatchObject([{ code: 'SLUICE_FINDING_UNREACHED', severity }]);
  });

  it('of requests that the collector did not answer names its errors, beside requests that were refused', () => {
    const unreached = (['4xx', '5xx'] as const).map((kind) => ({
      kind,
      hour: hoursAgo(1),
      count: 50,
      of: 100,
    }));
    const errors = { ...functionErrors, part: 'collect', first: hoursAgo(0.9), last: hoursAgo(0.1) };
    const found = judge({ unreached, functionErrors: [errors] });
    expect(found.map(({ code }) => code)).toEqual(Array(2).fill('SLUICE_FINDING_UNREACHED'));
  });

  const refusedOf = (...codes: readonly string[]) => ({
    ...refusedRequests(Object.fromEntries(codes.map((code) => [code, 1]))),
    refusals: {
      since: hoursAgo(11),
      groups: codes.map((code) => ({ ...requestGroup, code, key: '9f86d081', count: 1 })),
      hasMore: false,
    },
  });
  const { SLUICE_KEY_MISSING, SLUICE_METHOD_NOT_ALLOWED } = RequestError.entries;
  const unknownKey = findingCatalogue.SLUICE_FINDING_REFUSED.cases.unknownKey.cure;
  it.each([
    [['SLUICE_KEY_MISSING'], SLUICE_KEY_MISSING.cure],
    [
      ['SLUICE_KEY_MISSING', 'SLUICE_METHOD_NOT_ALLOWED'],
      `\`SLUICE_KEY_MISSING\`: ${SLUICE_KEY_MISSING.cure} \`SLUICE_METHOD_NOT_ALLOWED\`: ${SLUICE_METHOD_NOT_ALLOWED.cure}`,
    ],
    [['SLUICE_KEY_UNKNOWN'], unknownKey],
    [
      ['SLUICE_KEY_UNKNOWN', 'SLUICE_KEY_MISSING'],
      `\`SLUICE_KEY_MISSING\`: ${SLUICE_KEY_MISSING.cure} \`SLUICE_KEY_UNKNOWN\`: ${unknownKey}`,
    ],
  ] as const)('of requests refused with %j has the cure of each', (codes, cure) => {
    const [found] = judge({ ...refusedOf(...codes), keys: { ...wellKeys, senders: ['aa'] } });
    const told = targetCommands(cure, ['--stage', 'prod', '--region', 'eu-central-1']);
    expect(found?.cure.slice(0, told.length)).toBe(told);
  });

  it.each([
    ['refused', refusedOf('SLUICE_METHOD_NOT_ALLOWED')],
    [
      'answered 503',
      {
        ...failedRequests({ SLUICE_KEYS_UNAVAILABLE: 1 }),
        unstored: refusedOf('SLUICE_KEYS_UNAVAILABLE').refusals,
      },
    ],
  ])('of requests that were %s names a known key by its label', (_, facts) => {
    const keys = { ...wellKeys, labels: { '9f86d081ff': 'web' } };
    const [found] = judge({ ...facts, keys });
    expect(`${found?.title} ${found?.detail}`).toMatch(/with the key web.* with the key web/);
  });

  it.each([
    { key: 'web', sdks: ['py-batcher 2.0.0'], named: 'py-batcher 2.0.0' },
    { key: 'web', sdks: ['py-batcher 2.0.0', 'go-batcher 2.0.0'], named: 'other 2.0.0' },
    { key: 'web', sdks: ['py-batcher 2.0.1'], named: 'other 2.0.0' },
    { key: 'app', sdks: ['py-batcher 2.0.0'], named: 'other 2.0.0' },
  ])(
    'of refused requests of an SDK on no list, of which quarantine has $sdks with the key $key, names $named',
    ({ key, sdks, named }) => {
      const code = 'SLUICE_BODY_WRONG_SHAPE';
      const times = { firstAt: hoursAgo(3), lastAt: hoursAgo(1) };
      const senders = sdks.map((sdk) => ({ sdk, key, path: null, rows: 2, ...times }));
      const group = { ...requestGroup, code, key: 'web', sdk: 'other 2.0.0', count: 9 };
      const found = judge({
        ...refusedRequests({ [code]: 9 }),
        refusals: { since: hoursAgo(11), groups: [group], hasMore: false },
        quarantine: [{ ...quarantineCount, reason: code, senders }],
      });
      const told = found.find(({ code }) => code === 'SLUICE_FINDING_REFUSED');
      expect(told?.title).toContain(`all with ${code} from ${named} with the key web`);
      expect(told?.detail).toContain(`9 ${code} from ${named} with the key web`);
    },
  );

  it('of an unknown key blames no list that cannot be read', () => {
    const found = judge({ ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3 }), keys: null });
    expect(found).toMatchObject([
      {
        cause: findingCatalogue.SLUICE_FINDING_REFUSED.cases.keysUnread.cause,
        commands: [expect.stringContaining('sluice tail')],
      },
    ]);
  });

  it.each([
    ['ServiceUnavailableException', 'busy'],
    ['InternalFailure', 'error'],
  ] as const)('of a stream that answers %s has the cause of that: %s', (overflowError, name) => {
    const [found] = judge({ ...changedRequests({ what: 'overflowed' }), overflowError });
    expect(found?.cause).toBe(findingCatalogue.SLUICE_FINDING_OVERFLOW.cases[name].cause);
  });

  it('of a silence is none where nothing ever came, or little', () => {
    expect(judge({ ...silentFacts, lastEventAt: null })).toEqual([]);
    expect(judge(silentSince(2, { usual: 1 }))).toEqual([]);
  });

  it('of a silence says since when, and what came before', () => {
    expect(judge({ ...silentFacts, lastEventAt: hoursAgo(72) })[0]?.detail).toMatch(/, 3 days ago\.$/);
    const [week] = judge(silentSince(100, { usualHours: usualHours(40) }));
    expect(week?.detail).toMatch(/ago; at most 40 came/);
  });

  const skewed = (key: string, count: number, hours: number) => {
    return { ...requestGroup, key, sdk: null, count, skewMs: hours * HOUR_MS };
  };
  const noted = { counts: {}, hasMore: false, before2000: [], uncorrected: [], ahead: [], late: [] };
  it('of a wrong clock is since the first event of the sender that it is of', () => {
    const groups = [
      { ...skewed('app', 3, 30), first: hoursAgo(5) },
      { ...skewed('app', 3, 2), first: hoursAgo(7) },
      { ...skewed('shop', 40, 2), first: hoursAgo(20) },
    ];
    expect(judge({ noted: { ...noted, corrected: groups } })).toMatchObject([{ since: hoursAgo(7) }]);
  });

  it.each([
    [false, 'late'],
    [true, 'old'],
  ] as const)(
    'of events from before the time window whose clock is stated: %s has the cause of %s',
    (isClockStated, name) => {
      const late = [{ ...requestGroup, key: 'app', sdk: 'ios-client 2', count: 10, isClockStated }];
      const [found] = judge({ noted: { ...noted, corrected: [], late } });
      expect(found?.cause).toBe(findingCatalogue.SLUICE_FINDING_CLOCK_OFF.cases[name].cause);
    },
  );

  it.each([
    ['301', 'moved'],
    ['308', 'moved'],
    ['304', 'answered'],
    ['503', 'answered'],
    ['ECONNREFUSED', 'unheard'],
    ['EPROTO', 'noTls'],
    ['AccessDenied', 'denied'],
    ['ENOTFOUND', 'unanswered'],
  ] as const)('of copies whose target answers %s has the cure of %s', (why, name) => {
    const relay = { waiting: { count: 4, oldest: hoursAgo(5) }, refused: [], hasMore: false };
    const [found] = judge({ relay, relayAnswer: { why, copies: 2, at: hoursAgo(0.1) } });
    expect(found?.cause).toBe(findingCatalogue.SLUICE_FINDING_RELAY_LATE.cases[name].cause);
  });

  it.each([
    { target: { url: 'https://events.acme.example/in' }, asked: 'https://events.acme.example/in' },
    { target: { statsig: true as const }, asked: 'https://events.statsigapi.net' },
  ])('of copies whose target has moved asks $asked where it leads', ({ target, asked }) => {
    const config = defineConfig({ bucket: 'acme', relay: target });
    const relay = { waiting: { count: 4, oldest: hoursAgo(5) }, refused: [], hasMore: false };
    const relayAnswer = { why: '308', copies: 2, at: hoursAgo(0.1) };
    const facts = { ...wellFacts, relay, relayAnswer };
    const [found] = judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1');
    expect(found?.commands[0]).toBe(`curl -sI '${asked}'`);
    const answered = { ...facts, relayAnswer: { ...relayAnswer, why: '503' } };
    const [other] = judgeFacts(answered, { ...judgedDeployment, config }, 'eu-central-1');
    expect(other?.commands[0]).toMatch(/^aws logs /);
  });

  it.each([
    ['200', /target answered last 200 with success: false in its body,/],
    ['503', /target answered last 503,/],
  ])('of copies whose target answers %s names what says so', (why, said) => {
    const relay = { waiting: { count: 4, oldest: hoursAgo(5) }, refused: [], hasMore: false };
    const [found] = judge({ relay, relayAnswer: { why, copies: 2, at: hoursAgo(0.1) } });
    expect(found?.title).toMatch(said);
  });

  it.each<[what: string, facts: Partial<StatusFacts>, title: string]>([
    [
      'a wrong clock by its own sender',
      { noted: { ...noted, corrected: [skewed('shop', 40, 2), skewed('app', 3, 30)] } },
      '3 events are by a clock that is up to 30.0 hours behind with the key app, and 1 other sender by another clock',
    ],
    [
      'another clock of the same sender as its own',
      { noted: { ...noted, corrected: [skewed('app', 4, -5)], ahead: [skewed('app', 3, -30)] } },
      '3 events are by a clock that is up to 30.0 hours ahead with the key app, and 4 of it up to 5.0 hours ahead',
    ],
    [
      'the code of most refused requests without their log',
      { ...refusedRequests({ SLUICE_KEY_MISSING: 1, SLUICE_COLLECT_BODY_MANGLED: 8 }, 400), refusals: null },
      'most with SLUICE_COLLECT_BODY_MANGLED',
    ],
    [
      'the code of all refused requests, if the log has no other',
      {
        ...refusedRequests({ SLUICE_KEY_MISSING: 8 }, 400),
        refusals: {
          since: hoursAgo(11),
          groups: [{ ...requestGroup, code: 'SLUICE_KEY_MISSING', count: 8 }],
          hasMore: false,
        },
      },
      'all with SLUICE_KEY_MISSING',
    ],
    [
      'the code of most refused requests, if the log has more lines than were read',
      {
        ...refusedRequests({ SLUICE_KEY_MISSING: 8 }, 400),
        refusals: {
          since: hoursAgo(11),
          groups: [{ ...requestGroup, code: 'SLUICE_KEY_MISSING', count: 8 }],
          hasMore: true,
        },
      },
      `at least 8 of these with SLUICE_KEY_MISSING (in the last 24 hours), since ${hoursAgo(11)}.`,
    ],
  ])('tells %s', (_what, facts, title) => {
    const found: unknown = expect.objectContaining({ title: expect.stringContaining(title) });
    expect(judge(facts)).toEqual([found]);
  });

  it('of a silence that is over is since its begin, also if a request has come since', () => {
    const over = { ...changedRequests({ what: 'silence', usual: 60 }), lastRequestAt: hoursAgo(0.1) };
    expect(judge(over)).toMatchObject([{ code: 'SLUICE_FINDING_SILENT', since: hoursAgo(9) }]);
  });

  it('has the cure of each code of an answer 503 that is no failure to store', () => {
    const counts = { SLUICE_COLLECT_BODY_MANGLED: 4, SLUICE_KEYS_INVALID: 1 };
    expect(judge(failedRequests(counts))).toMatchObject([
      {
        detail: expect.stringMatching(
          /^4 requests with SLUICE_COLLECT_BODY_MANGLED\. .*1 request with SLUICE_KEYS_INVALID\. .+/,
        ),
        commands: [expect.stringContaining('"keys"')],
      },
    ]);
  });

  it.each<[string, Partial<StatusFacts>, RegExp]>([
    ['has no line', {}, /has no line of them\.$/],
    [
      'could not be read',
      { unknown: [{ part: FAILED_REQUESTS, why: '', kind: 'denied', log: null, isByKey: false }] },
      /could not be read\.$/,
    ],
    [
      'has more lines than were read',
      {
        unstored: {
          since: hoursAgo(11),
          groups: [
            {
              ...requestGroup,
              code: 'SLUICE_COLLECT_NOT_DELIVERED',
              sdk: 'js-client 3.1',
              key: 'web',
              count: 5,
            },
          ],
          hasMore: true,
        },
      },
      /5 SLUICE_COLLECT_NOT_DELIVERED.* more lines of the log than were read\.$/,
    ],
  ])('of requests answered 503 says that the log of the collector %s', (_, facts, text) => {
    const found = judge({
      lastHour: { ...wellHour, failedBy: { SLUICE_COLLECT_NOT_DELIVERED: 7 } },
      ...facts,
    }).find(({ code }) => code === 'SLUICE_FINDING_NOT_STORED');
    expect(found?.detail).toMatch(text);
    const isPart = facts.unstored !== undefined;
    expect(found?.title.includes(', at least 5 of these from js-client 3.1 with the key web')).toBe(isPart);
  });

  it.each([
    {
      name: 'both of them',
      storedAt: [hoursAgo(0.2), hoursAgo(0.1)],
      severity: 'warning',
      over: '; it is over',
    },
    { name: 'one of them alone', storedAt: [hoursAgo(0.2), undefined], severity: 'problem', over: '' },
    {
      name: 'one of them before it failed last',
      storedAt: [hoursAgo(0.2), hoursAgo(0.25)],
      severity: 'problem',
      over: '',
    },
  ] as const)(
    'of requests that were not stored of two senders, where $name were stored since, is over only if both were',
    ({ storedAt, severity, over }) => {
      const code = 'SLUICE_COLLECT_NOT_DELIVERED';
      const groups = storedAt.map((time, i) => {
        const times = { first: hoursAgo(0.5), last: hoursAgo(0.25) };
        return {
          ...requestGroup,
          ...times,
          code,
          key: `app${i}`,
          count: 3,
          ...(time === undefined ? {} : { storedAt: time }),
        };
      });
      const failedAt = { [code]: { first: hoursAgo(0.5), last: hoursAgo(0.25) } };
      const facts = {
        lastHour: { ...wellHour, failedBy: { [code]: 6 }, failedAt, lastStoredAt: hoursAgo(0.1) },
        lastRequestAt: hoursAgo(0.1),
        unstored: { since: hoursAgo(11), groups, hasMore: false },
      };
      const detail = `6 requests with ${code}, first 2026-11-20T11:30Z, last 2026-11-20T11:45Z${over}. By sender`;
      expect(judge(facts)).toMatchObject([{ severity, detail: expect.stringContaining(detail) }]);
    },
  );

  it.each([
    ['an unknown key, for an hour', {}, 'problem'],
    ['an unknown key, for less', { first: hoursAgo(0.9) }, 'warning'],
    ['an unknown key, which sends no more', { last: hoursAgo(1.1) }, 'warning'],
    ['an unknown key, and states no SDK', { sdk: null }, 'warning'],
    ['a key that may send, by a part of the log', { code: 'SLUICE_BODY_NOT_JSON' }, 'warning'],
  ] as const)('of a sender with %s is a %s if all of its requests are lost', (_, more, severity) => {
    const group = {
      ...requestGroup,
      code: 'SLUICE_KEY_UNKNOWN',
      key: 'abcd1234',
      sdk: 'js-client 3',
      count: 12,
    };
    const refusals = {
      since: hoursAgo(11),
      groups: [{ ...group, first: hoursAgo(1.2), last: hoursAgo(0.1), ...more }],
      hasMore: false,
    };
    expect(judge({ ...refusedRequests({ [group.code]: 9 }, 4_000), refusals })).toMatchObject([{ severity }]);
  });

  it.each(['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_BODY_MANGLED'])('of %s stays a day', (code) => {
    const failed = (inHour: Partial<LastHour>) => {
      const day = { [code]: { count: 16, first: hoursAgo(9), last: hoursAgo(0.75) } };
      return judge({ lastHour: { ...wellHour, ...inHour }, lastDay: { ...wellDay, failedBy: day } })[0];
    };
    const first = 'first in the 5 minutes from 2026-11-20T03:00Z, last';
    const quiet = `^16 requests with ${code}, ${first} in the 5 minutes from 2026-11-20T11:15Z; none within the last hour\\.`;
    expect(failed({})).toMatchObject({ severity: 'warning', detail: expect.stringMatching(quiet) });
    const failedAt = { [code]: { first: hoursAgo(0.8), last: hoursAgo(0.7) } };
    const detail = expect.stringMatching(`^16 requests with ${code}, ${first} 2026-11-20T11:18Z\\.`);
    expect(failed({ failedBy: { [code]: 2 }, failedAt })).toMatchObject({ severity: 'problem', detail });
  });

  it('of events that stay away leaves out names that the configured lists leave out', () => {
    const away = (value: string): ContentChange => ({
      table: 'events',
      what: 'event',
      kind: 'less',
      subject: '',
      value,
      label: null,
      sdk: null,
      count: 0,
      of: 20,
      usual: 0,
      days: 7,
      since: hoursAgo(30),
    });
    const facts = { ...wellFacts, contentChanges: ['debug_a', 'other', 'buy'].map(away) };
    const found = (events: object) => {
      const config = defineConfig({ bucket: 'acme', events });
      return judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1').map(
        ({ title }) => title.split(' ')[2],
      );
    };
    expect(found({ deny: ['debug_*', 'other'] })).toEqual(['"buy"']);
    expect(found({ allow: ['other'] })).toEqual(['"other"']);
    expect(found({ deny: ['debug_*', 'other', 'buy'] })).toEqual([]);
  });

  const gone: ContentChange = {
    table: 'events',
    what: 'sdk',
    kind: 'less',
    subject: '',
    value: 'js-client',
    label: null,
    sdk: null,
    count: 0,
    of: 400,
    usual: 0,
    days: 7,
    since: hoursAgo(30),
  };
  const unusual = findingCatalogue.SLUICE_FINDING_EVENTS_UNUSUAL.cases;
  const missing = findingCatalogue.SLUICE_FINDING_EVENT_MISSING.cases;
  /** Rows of quarantine with a reason, all from one SDK. */
  const refusedRows = (sdk: string, rows: number, reason = 'SLUICE_EVENT_KIND_NOT_ALLOWED') => ({
    ...quarantineCount,
    reason,
    rows,
    senders: [{ sdk, key: 'web', path: null, rows, firstAt: hoursAgo(3), lastAt: hoursAgo(1) }],
  });
  const buy: ContentChange = { ...gone, what: 'event', value: 'buy', of: 60 };

  it.each([
    {
      what: 'an SDK with a row in quarantine',
      change: gone,
      sdk: 'js-client 3.1',
      rows: 1,
      is: 'quarantined',
    },
    { what: 'an SDK, and another has rows', change: gone, sdk: 'js-client-x 3', rows: 9, is: 'sdk' },
    {
      what: 'an SDK of which as many events came as are in quarantine',
      change: { ...gone, count: 9 },
      sdk: 'js-client',
      rows: 9,
      is: 'sdk',
    },
    { what: 'a name of which as many are in quarantine', change: buy, sdk: 'x', rows: 60, is: 'quarantined' },
    { what: 'a name of which fewer are in quarantine', change: buy, sdk: 'x', rows: 59, is: 'gone' },
    {
      what: 'a name, and rows of files are refused',
      change: buy,
      sdk: 'x',
      rows: 60,
      reason: 'SLUICE_INGEST_ROW_TIME_MISSING',
      is: 'gone',
    },
  ])('of $what that stays away has the case $is', ({ change, sdk, rows, reason, is }) => {
    const found = judge({ contentChanges: [change], quarantine: [refusedRows(sdk, rows, reason)] });
    const [told] = found.filter(({ code }) => code !== 'SLUICE_FINDING_QUARANTINED');
    const causes = change.what === 'sdk' ? unusual : missing;
    expect(told?.cause).toBe(Reflect.get(causes, is).cause);
    const isShown = told?.commands[0]?.includes('quarantine --reason SLUICE_EVENT_KIND_NOT_ALLOWED');
    expect(isShown).toBe(is === 'quarantined');
  });

  it.each([
    { allow: ['Buy', 'view'], of: 200, case: 'leftOut', alike: true },
    { allow: ['B*', 'view'], of: 200, case: 'leftOut', alike: true },
    { allow: ['view'], of: 200, case: 'leftOut', alike: false },
    { allow: ['view'], of: 199, case: 'sdk', alike: false },
    { allow: ['buy'], of: 200, case: 'sdk', alike: false },
  ] as const)(
    'of an SDK that lacks 400 events, where $of of "buy" came and the list allows $allow, has the case $case',
    ({ allow, of, case: name, alike }) => {
      const config = defineConfig({ bucket: 'acme', events: { allow: [...allow] } });
      const facts = { ...wellFacts, contentChanges: [gone, { ...buy, of }] };
      const found = judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1');
      const told = found.find(({ code }) => code === 'SLUICE_FINDING_EVENTS_UNUSUAL');
      expect(told?.cause).toBe(unusual[name].cause);
      expect(told?.detail.includes(`"buy" (\`events.allow\` has "${allow[0]}", in other`)).toBe(alike);
    },
  );

  it.each([
    { what: 'as many', of: 400, told: ['evaluation'] },
    { what: 'fewer', of: 401, told: ['evaluation', 'experiment'] },
  ])(
    'of an experiment that lacks $of exposures, where $what evaluated nothing, tells $told',
    ({ of, told }) => {
      const ended = { ...gone, table: 'exposures', what: 'experiment', value: 'checkout', of } as const;
      const reason = { ...ended, what: 'evaluation', kind: 'more', value: 'NoValues', count: 400 } as const;
      const causes = { evaluation: unusual.noValues.cause, experiment: unusual.experiment.cause };
      const found = judge({
        contentChanges: [{ ...reason, subject: 'js-client', sdk: 'js-client 3', of: 500 }, ended],
      });
      expect(found.map(({ cause }) => cause)).toEqual(told.map((name) => Reflect.get(causes, name)));
    },
  );

  it('of events that the lists leave out more often names those that the days before had', () => {
    const config = defineConfig({ bucket: 'acme', events: { allow: ['Buy'] } });
    const facts = {
      ...wellFacts,
      ...changedRequests({ what: 'ignored' }),
      contentChanges: [buy, { ...buy, value: 'pay' }],
    };
    const [found] = judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1');
    expect(found?.title).toContain(', among them "buy" and 1 other name of the days before');
    expect(found?.detail).toContain('"buy" (`events.allow` has "Buy", in other upper and lower case), "pay"');
  });

  it.each([
    { redact: { 'user.userID': 'drop' }, what: 'unit', value: 'absent', by: 'drop for user.userID' },
    { redact: { User: 'drop' }, what: 'unit', value: 'absent', by: 'drop for User' },
    { redact: { 'user.userID': 'hash' }, what: 'unit', value: 'absent', by: null },
    { redact: { 'user.userID': 'drop' }, what: 'unit', value: 'undefined', by: null },
    { redact: { 'user.email': 'drop' }, what: 'unit', value: 'absent', by: null },
    {
      redact: { 'user.userid': 'hash' },
      what: 'idForm',
      value: 'hexadecimal digests',
      by: 'hash for user.userid',
    },
    { redact: { value: 'drop' }, what: 'value', value: 'none', by: 'drop for value' },
    {
      redact: { 'user.customIDs.companyID': 'drop' },
      what: 'unitId',
      value: 'company_id, team_id',
      by: 'drop for user.customIDs.companyID',
    },
    { redact: { 'user.customIDs.teamID': 'drop' }, what: 'unitId', value: 'company_id', by: null },
    { redact: { value: 'hash' }, what: 'value', value: 'text', by: 'hash for value' },
  ] as const)(
    'of $what $value, where privacy.redact has $redact, names the rule: $by',
    ({ redact, what, value, by }) => {
      const privacy = { redact, salt: 'a salt for this test' };
      const unitIds = { companyID: 'company_id', teamID: 'team_id' };
      const config = defineConfig({ bucket: 'acme', privacy, unitIds });
      const change = { ...gone, kind: 'more', what, value, subject: 'js-client', count: 30, of: 40 } as const;
      const facts = { ...wellFacts, deployedAt: hoursAgo(9), contentChanges: [change] };
      const [found] = judgeFacts(facts, { ...judgedDeployment, config }, 'eu-central-1');
      expect(found?.cause).toBe(unusual[by === null ? what : 'redacted'].cause);
      expect(found?.title.includes(`; the configuration has ${by} (`)).toBe(by !== null);
      expect(found?.detail.includes(`deployed last at ${hoursAgo(9)}`)).toBe(by !== null);
    },
  );

  it.each([
    { what: 'value', kind: 'more', subjects: ['buy', 'refund'] },
    { what: 'event', kind: 'more', subjects: ['', ''] },
    { what: 'group', kind: 'less', subjects: ['checkout', 'search'] },
  ] as const)('of $what $kind is the same one whichever change is first', ({ what, kind, subjects }) => {
    const change = { table: 'events', what, kind, label: null, sdk: null, usual: 0, days: 7 } as const;
    const numbers = { count: 40, of: 50, since: hoursAgo(5) };
    const all = subjects.map(
      (subject, i): ContentChange => ({ ...change, ...numbers, subject, value: `v${i}` }),
    );
    const found = [all, all.toReversed()].flatMap((contentChanges) => judge({ contentChanges }));
    expect(found).toHaveLength(2);
    expect(new Set(found.map(({ subject }) => subject)).size).toBe(1);
  });

  it('of names of events and of experiments that come more often is one of each table', () => {
    const more = { kind: 'more', subject: '', label: null, sdk: null, usual: 0, days: 7 } as const;
    const numbers = { count: 40, of: 50, since: hoursAgo(5) };
    const ofEvents: ContentChange = { ...more, ...numbers, table: 'events', what: 'event', value: 'buy' };
    const ofExposures: ContentChange = { ...ofEvents, table: 'exposures', what: 'experiment' };
    const found = judge({ contentChanges: [ofExposures, ofEvents] });
    expect(found.map(({ judgedBy }) => judgedBy)).toEqual([
      ['the content of exposures'],
      ['the content of events'],
    ]);
  });

  it.each([
    { exposures: { allow: ['shop_layer'] }, isTold: true },
    { exposures: { allow: ['checkout'] }, isTold: true },
    { exposures: { allow: ['search'] }, isTold: false },
    { exposures: { deny: ['shop_layer'] }, isTold: false },
  ])('of an experiment of a layer goes by the lists of both names: $exposures', ({ exposures, isTold }) => {
    const gone: ContentChange = {
      table: 'exposures',
      what: 'experiment',
      kind: 'less',
      subject: '',
      value: 'checkout',
      label: 'shop_layer',
      sdk: null,
      count: 0,
      of: 20,
      usual: 0,
      days: 7,
      since: hoursAgo(30),
    };
    const deployment = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', exposures }) };
    const found = judgeFacts({ ...wellFacts, contentChanges: [gone] }, deployment, 'eu-central-1');
    expect(found).toHaveLength(isTold ? 1 : 0);
  });
});
