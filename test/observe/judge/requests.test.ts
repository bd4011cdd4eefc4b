import { describe, expect, it } from '@jest/globals';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import { targetCommands } from '../../../observe/commands.ts';
import { FAILED_REQUESTS } from '../../../observe/facts/flow/logged/loggedAnswers.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import {
  answered,
  failedRequests,
  logged,
  moreChange,
  notedTimes,
  refusedRequests,
  requestGroup,
  unreadPart,
  wellKeys,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

const { SLUICE_KEY_MISSING, SLUICE_METHOD_NOT_ALLOWED } = RequestError.entries;
const unknownKey = findingCatalogue.SLUICE_FINDING_REFUSED.cases.unknownKey.cure;

describe('a finding about requests', () => {
  it.each([
    { codes: ['SLUICE_KEY_MISSING'], cure: SLUICE_KEY_MISSING.cure },
    {
      codes: ['SLUICE_KEY_MISSING', 'SLUICE_METHOD_NOT_ALLOWED'],
      cure: `\`SLUICE_KEY_MISSING\`: ${SLUICE_KEY_MISSING.cure} \`SLUICE_METHOD_NOT_ALLOWED\`: ${SLUICE_METHOD_NOT_ALLOWED.cure}`,
    },
    { codes: ['SLUICE_KEY_UNKNOWN'], cure: unknownKey },
    {
      codes: ['SLUICE_KEY_UNKNOWN', 'SLUICE_KEY_MISSING'],
      cure: `\`SLUICE_KEY_MISSING\`: ${SLUICE_KEY_MISSING.cure} \`SLUICE_KEY_UNKNOWN\`: ${unknownKey}`,
    },
  ])('of requests refused with $codes has the cure of each', ({ codes, cure }) => {
    const [found] = judge({
      ...refusedRequests(Object.fromEntries(codes.map((code) => [code, 1]))),
      refusals: logged(...codes.map((code) => answered(code, 1, { key: '9f86d081' }))),
      keys: { ...wellKeys, senders: ['aa'] },
    });
    const told = targetCommands(cure, ['--stage', 'prod', '--region', 'eu-central-1']);
    expect(found?.cure.slice(0, told.length)).toBe(told);
  });

  it.each([
    { log: 'has no line', facts: {}, detail: /has no line of them\.$/ },
    {
      log: 'could not be read',
      facts: { unknown: [unreadPart(FAILED_REQUESTS)] },
      detail: /could not be read\.$/,
    },
  ])('of requests answered 503 says that the log of the collector $log', ({ facts, detail }) => {
    const found = judge({ ...failedRequests({ SLUICE_COLLECT_NOT_DELIVERED: 7 }), ...facts });
    const told = found.find(({ code }) => code === 'SLUICE_FINDING_NOT_STORED');
    expect(told?.detail).toMatch(detail);
  });

  it.each([
    { key: 'any', from: 'js-client 3' },
    { key: 'web', from: 'js-client 3 with the key web' },
  ])('names the sender with the key $key as $from', ({ key, from }) => {
    const before2000 = [{ ...requestGroup, key, sdk: 'js-client 3', count: 10 }];
    const [found] = judge({ noted: { ...notedTimes, before2000 } });
    expect(found?.title.split(/ from | have | \(/)[1]).toBe(from);
  });

  it('of a gateway that lets in some origins is none while no SDK is silent', () => {
    const allowedOrigins = { origins: ['https://www.shop.example'], address: 'https://collect.shop.example' };
    expect(judge({ allowedOrigins })).toEqual([]);
  });

  it.each([
    { setting: 'timeWindow.pastDays: deployed 1, configured 7', isTold: false },
    { setting: 'sources.acme: deployed a, configured b', isTold: true },
  ])(
    'of events from before `timeWindow` is told beside the undeployed $setting: $isTold',
    ({ setting, isTold }) => {
      const late = [{ ...requestGroup, sdk: 'ios-client 2', count: 10, isClockStated: true }];
      const corrected = [{ ...requestGroup, sdk: 'py-server 1', count: 10, skewMs: 3 * 3_600_000 }];
      const undeployed = { settings: [setting], deployedAt: null };
      const found = judge({ lastDay: null, noted: { ...notedTimes, late, corrected }, undeployed });
      const clocks = found.filter(({ code }) => code === 'SLUICE_FINDING_CLOCK_OFF');
      expect(clocks.map(({ subject }) => subject)).toEqual([...(isTold ? ['old'] : []), ' from py-server 1']);
    },
  );

  it.each([
    { setting: 'timeWindow.futureDays: deployed 7, configured 2', isTold: false },
    { setting: 'sources.acme: deployed a, configured b', isTold: true },
  ])(
    'of clocks that are ahead names the day of rows beyond the window beside the undeployed $setting: $isTold',
    ({ setting, isTold }) => {
      const ahead = [{ ...requestGroup, sdk: 'py-server 1', count: 10, skewMs: -4 * 86_400_000 }];
      const undeployed = { settings: [setting], deployedAt: null };
      const found = judge({ lastDay: null, noted: { ...notedTimes, ahead }, undeployed });
      const [clock] = found.filter(({ code }) => code === 'SLUICE_FINDING_CLOCK_OFF');
      expect(clock?.detail.includes('in that of their receipt')).toBe(isTold);
    },
  );

  it.each([
    { what: 'sdk', table: 'exposures', list: 'exposures.deny', no: 'events.deny' },
    { what: 'experiment', table: 'exposures', list: 'exposures.deny', no: 'events.deny' },
    { what: 'event', table: 'events', list: 'events.deny', no: 'exposures.deny' },
    { what: 'sdk', table: 'events', list: 'events.deny', no: 'exposures.deny' },
  ] as const)(
    'of more of $what in the table $table leaves them out by $list',
    ({ what, table, list, no }) => {
      const [found] = judge({
        contentChanges: [{ ...moreChange, what, table, subject: '', value: 'checkout' }],
      });
      expect(found?.cure).toContain(list);
      expect(found?.cure).not.toContain(no);
    },
  );

  it.each([
    { what: 'it was an hour after it', times: 1, deployedAt: '2026-11-20T02:00:00.000Z', isTold: true },
    { what: 'it was longer after it', times: 1, deployedAt: '2026-11-20T01:59:59.999Z', isTold: false },
    { what: 'it was 15 minutes before it', times: 1, deployedAt: '2026-11-20T03:15:00.000Z', isTold: true },
    { what: 'it was longer before it', times: 1, deployedAt: '2026-11-20T03:15:00.001Z', isTold: false },
    { what: 'another SDK has new ones, too', times: 2, deployedAt: null, isTold: true },
  ])(
    'of hashes that are new of one SDK is told by the last deployment, if $what: $isTold',
    ({ times, deployedAt, isTold }) => {
      const change = { ...moreChange, what: 'newHashes', field: 'user_id', times, sdk: null } as const;
      const found = judge({ contentChanges: [change], deployedAt });
      expect(found.map(({ subject }) => subject)).toEqual(isTold ? ['newHashes'] : []);
    },
  );

  it.each([
    { what: 'value', kind: 'more', subjects: ['buy', 'refund'] },
    { what: 'event', kind: 'more', subjects: ['', ''] },
    { what: 'group', kind: 'less', subjects: ['checkout', 'search'] },
  ] as const)('of $what $kind is the same one whichever change is first', ({ what, kind, subjects }) => {
    const all = subjects.map((subject, i) => ({ ...moreChange, what, kind, subject, value: `v${i}` }));
    const found = [all, all.toReversed()].flatMap((contentChanges) => judge({ contentChanges }));
    expect(found).toHaveLength(2);
    expect(new Set(found.map(({ subject }) => subject)).size).toBe(1);
  });
});
