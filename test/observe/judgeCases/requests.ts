import type { FormerKey } from '../../../observe/facts/formerKeys.ts';
import type { ContentChange } from '../../../observe/facts/tables/contentChanges.ts';
import {
  answered,
  changedRequests,
  failedRequests,
  HOUR_MS,
  hoursAgo,
  keysFailure,
  logged,
  missingChange,
  moreChange,
  notedTimes,
  refusedCopies,
  refusedRequests,
  relayRefused,
  relayWaits,
  requestGroup,
  unreadPart,
  wellDay,
  wellHour,
  wellKeys,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** A list without keys. */
const noKeys = { ...wellKeys, senders: [] };

/** So many requests that were refused as of a key that no list has. */
const unknownKey = (count: number) => logged(answered('SLUICE_KEY_UNKNOWN', count, { key: '9f86d081' }));

/** The key that {@link unknownKey} has, which was in the list until nine hours ago. */
const formerKey: FormerKey = {
  label: 'web',
  sha256: `9f86d081${'0'.repeat(56)}`,
  kinds: ['exposures', 'events'],
  until: hoursAgo(9),
};

/** A group of an experiment. */
const groupChange = {
  table: 'exposures',
  what: 'group',
  subject: 'checkout',
  value: '5Xy',
  label: 'Test',
} as const;
/** A group that stays away. */
const missingGroup: ContentChange = { ...missingChange, ...groupChange, of: 120 };
/** A group whose share is another. */
const otherSplit: ContentChange = { ...moreChange, ...groupChange, what: 'split' };
/** An experiment that stays away. */
const missingExperiment: ContentChange = { ...missingChange, table: 'exposures', what: 'experiment' };
/** An event that one SDK does not send any more. */
const lostEvent: ContentChange = {
  ...missingChange,
  what: 'sdkEvent',
  subject: 'android-client',
  value: 'buy',
  label: '4.44.1',
};
/** Exposures to an experiment that one SDK does not log any more. */
const lostExposures: ContentChange = {
  ...lostEvent,
  table: 'exposures',
  what: 'sdkExperiment',
  value: 'checkout',
};
/** Events of a version of an SDK without a user. */
const versionChange: ContentChange = { ...moreChange, sdk: 'js-client 3.1.0' };
/** Numbers of events of a version of an SDK that are others. */
const otherChange: ContentChange = {
  ...versionChange,
  kind: 'other',
  value: 'js-client',
  count: 420,
  of: 420,
};
/** All hashes of users are new. */
const newHashes: ContentChange = {
  ...moreChange,
  what: 'newHashes',
  subject: '',
  field: 'user_id',
  value: 'new',
  times: 2,
  sdk: null,
  count: 640,
  of: 640,
  usual: 0.4,
  days: 0,
};
/** The content of tables changed so. */
const changed = (...contentChanges: readonly ContentChange[]) => ({ contentChanges });
/** Ten events of one sender from before the time window, by whether the sender stated its clock. */
const oldEvents = (isClockStated: boolean) => ({
  lastDay: { ...wellDay, received: 200 },
  noted: {
    ...notedTimes,
    counts: { outside_time_window: 10 },
    late: [{ ...requestGroup, key: 'app', sdk: 'ios-client 2', count: 10, isClockStated }],
  },
});

/** {@link oldEvents} without a stated clock, which the table has with ages from so many days on. */
const agedEvents = (leastDays: number) => ({
  ...oldEvents(false),
  earlierEvents: [
    { name: 'renewal', sdk: 'ios-client 2', count: 10, leastDays, mostDays: 30 },
    // Those of an SDK whose events are few.
    { name: 'tap', sdk: 'js-client 3', count: 2, leastDays: 8, mostDays: 300 },
  ],
});

/** Requests, senders, keys and copies of requests. */
export const requestCases: readonly Case[] = [
  [
    'a key is unknown',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      lastDay: { ...wellDay, refused: 900 },
      refusals: logged(answered('SLUICE_KEY_UNKNOWN', 900, { key: '9f86d081', sdk: 'js-client 3' })),
    },
  ],
  [
    'a key is unknown, and the list was changed before',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      keys: { ...wellKeys, changedAt: hoursAgo(9.5) },
      refusals: unknownKey(20),
    },
  ],
  [
    'a key is unknown that was in the list before, after another that is over',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      keys: { ...wellKeys, senders: ['0a0b0c0d'], changedAt: hoursAgo(9) },
      formerKeys: [formerKey],
      refusals: logged(
        { ...answered('SLUICE_KEY_UNKNOWN', 30, { key: '0a0b0c0d' }), first: hoursAgo(14) },
        answered('SLUICE_KEY_UNKNOWN', 20, { key: '9f86d081', sdk: 'js-client 3' }),
      ),
    },
  ],
  [
    'two SDKs send one key that was in the list before',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 24 }, 400),
      formerKeys: [formerKey],
      refusals: logged(
        ...['js-client 3', 'js-client 4'].map((sdk) =>
          answered('SLUICE_KEY_UNKNOWN', 12, { key: '9f86d081', sdk }),
        ),
      ),
    },
  ],
  [
    'a key is unknown, and earlier lists could not be read',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      formerKeys: null,
      refusals: unknownKey(20),
      unknown: [unreadPart('the earlier lists of keys', 'throttled', 'ThrottlingException: Rate exceeded.')],
    },
  ],
  [
    'two senders are refused, of which the one with fewer requests was refused earlier',
    {
      ...refusedRequests({ SLUICE_KEY_MISSING: 20, SLUICE_BODY_NOT_JSON: 9 }, 400),
      refusals: logged(
        { ...answered('SLUICE_KEY_MISSING', 20), first: hoursAgo(2), last: hoursAgo(0.1) },
        { ...answered('SLUICE_BODY_NOT_JSON', 9), first: hoursAgo(20), last: hoursAgo(0.1) },
      ),
    },
  ],
  [
    'of two unknown keys one was in a list that was replaced by an earlier one',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      keys: { ...wellKeys, changedAt: hoursAgo(9) },
      formerKeys: [
        { ...formerKey, environment: 'staging', kinds: ['exposures'], sources: ['acme'], until: null },
      ],
      refusals: logged(
        answered('SLUICE_KEY_UNKNOWN', 20, { key: '9f86d081' }),
        answered('SLUICE_KEY_UNKNOWN', 2, { key: '11111111' }),
      ),
    },
  ],
  [
    'requests were refused earlier in the day',
    {
      lastDay: { ...wellDay, refused: 9 },
      refusals: {
        ...logged(answered('SLUICE_KEY_MISSING', 8)),
        hasMore: true,
      },
    },
  ],
  [
    'a key was unknown, and is in the list now',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 40 }),
      keys: { ...noKeys, senders: ['0a0b0c0d0e', '9f86d081ff'] },
      refusals: unknownKey(40),
    },
  ],
  [
    'a key is unknown, as the list has none',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 20),
      keys: { ...noKeys, changedAt: hoursAgo(3) },
      refusals: unknownKey(20),
    },
  ],
  ['no key may send', { keys: { ...noKeys, changedAt: hoursAgo(3) } }],
  [
    'the secret of the keys is no list',
    { keys: { ...noKeys, fault: 'It is not JSON.', faultKind: 'invalid', changedAt: hoursAgo(3) } },
  ],
  [
    'the secret of the keys is to be deleted',
    {
      keys: {
        ...noKeys,
        fault: 'It is scheduled for deletion.',
        faultKind: 'deleted',
        changedAt: hoursAgo(3),
      },
    },
  ],
  ['collectors are denied the keys', { keysFailure: keysFailure('denied', 'AccessDeniedException') }],
  [
    'no events come in any more',
    { lastHour: { ...wellHour, requests: 0 }, lastRequestAt: hoursAgo(50), lastEventAt: hoursAgo(2.5) },
  ],
  [
    'no events come in where they usually do',
    {
      ...changedRequests({ what: 'silence', last: null, usual: 60 }),
      lastHour: { ...wellHour, requests: 0 },
      lastRequestAt: hoursAgo(9.1),
      lastEventAt: hoursAgo(0.9),
    },
  ],
  ['no events came in at night', changedRequests({ what: 'silence', usual: 60 })],
  [
    'two names of events stay away',
    changed(
      { ...missingChange, value: "it's bought", of: 120 },
      { ...missingChange, value: 'refund', of: 12, since: '2026-11-19' },
    ),
  ],
  [
    'an SDK does not send an event any more that others send',
    changed({ ...lostEvent, of: 120, since: hoursAgo(31) }, { ...lostEvent, value: 'refund', label: null }),
  ],
  [
    'an SDK does not log exposures any more to experiments that others log',
    changed(
      { ...lostExposures, of: 168, since: hoursAgo(31) },
      { ...lostExposures, value: 'search', label: null, count: 4 },
    ),
  ],
  [
    'an experiment comes more seldom, some of which one SDK logged',
    changed({ ...missingExperiment, value: 'checkout', count: 20, of: 120 }, { ...lostExposures, of: 49 }),
  ],
  [
    'an experiment comes more seldom, half of which one SDK logged',
    changed({ ...missingExperiment, value: 'checkout', count: 20, of: 120 }, { ...lostExposures, of: 50 }),
  ],
  [
    'an event comes far more seldom, most of which one SDK sent',
    changed({ ...missingChange, value: 'buy', count: 20, of: 120 }, { ...lostEvent, of: 70 }),
  ],
  [
    'an event comes far more seldom, some of which one SDK sent, and another is gone from all',
    changed(
      { ...missingChange, value: 'buy', count: 20, of: 120 },
      { ...lostEvent, of: 40 },
      { ...missingChange, value: 'refund', of: 60 },
      { ...lostEvent, value: 'refund', of: 40 },
    ),
  ],
  ['an event comes far more seldom', changed({ ...missingChange, value: 'buy', count: 12, of: 120 })],
  [
    'an event, an SDK and an experiment come far more often',
    changed(
      { ...moreChange, what: 'event', subject: '', value: 'buy' },
      { ...moreChange, what: 'sdk', subject: '', value: 'ios-client', since: hoursAgo(10) },
      { ...moreChange, table: 'exposures', what: 'experiment', subject: '', value: 'checkout' },
    ),
  ],
  [
    'an event and an SDK come five times as often, whatever their share is',
    changed(
      {
        ...moreChange,
        what: 'event',
        kind: 'many',
        subject: '',
        value: 'view',
        count: 9000,
        of: 9400,
        usual: 1700,
      },
      {
        ...moreChange,
        what: 'sdk',
        kind: 'many',
        subject: '',
        value: 'ios-client',
        count: 9000,
        of: 9400,
        usual: 1500,
      },
    ),
  ],
  [
    'an SDK falls silent, which sent events and exposures',
    changed(
      { ...missingExperiment, what: 'sdk', value: 'ios-client', of: 90, since: hoursAgo(31) },
      { ...missingChange, what: 'sdk', value: 'ios-client', of: 900 },
    ),
  ],
  [
    'an SDK sends no event, and far more exposures',
    changed(
      { ...moreChange, table: 'exposures', what: 'sdk', subject: '', value: 'ios-client' },
      { ...missingChange, what: 'sdk', value: 'ios-client', of: 900 },
    ),
  ],
  ['a group of an experiment stays away', changed(missingGroup)],
  [
    'a group of an experiment stays away, whose share another one has',
    changed({ ...otherSplit, value: '4Ab', label: 'Control' }, missingGroup),
  ],
  [
    'two experiments stay away',
    changed(
      { ...missingExperiment, value: 'checkout', of: 120 },
      { ...missingExperiment, value: 'search', of: 30, since: '2026-11-19' },
    ),
  ],
  [
    'names of events have IDs in them',
    changed({
      ...moreChange,
      what: 'event',
      kind: 'names',
      subject: '',
      value: 'buy_8123',
      count: 900,
      of: 640,
      usual: 12,
    }),
  ],
  [
    'two versions of an SDK send events without a user',
    changed(versionChange, { ...moreChange, sdk: 'js-client 3.1.1', count: 20, of: 30, since: hoursAgo(2) }),
  ],
  [
    'events of another environment come',
    changed({ ...versionChange, what: 'environment', value: 'staging', usual: 0.004 }),
  ],
  [
    'events of another environment come, which two keys of the list have',
    {
      ...changed({ ...versionChange, what: 'environment', value: 'staging', usual: 0.004 }),
      keys: {
        ...wellKeys,
        environments: { web: 'staging', test: 'development', tv: 'staging' },
        changedAt: hoursAgo(10),
      },
    },
  ],
  [
    'units come to a group to which none came',
    changed({ ...otherSplit, value: 'holdoutRule', label: null, count: 79, of: 527, usual: 0 }),
  ],
  [
    'events of another environment come, so that production lacks exposures',
    changed(
      { ...missingExperiment, value: 'checkout', of: 120 },
      { ...missingGroup, count: 20 },
      { ...moreChange, table: 'exposures', what: 'experiment', subject: '', value: 'search', count: 800 },
      { ...otherSplit, subject: 'search' },
      { ...versionChange, what: 'environment', value: 'staging', count: 100, of: 140 },
    ),
  ],
  [
    'few events of another environment come, and an experiment stays away',
    changed(
      { ...missingExperiment, value: 'checkout', of: 1001 },
      { ...versionChange, what: 'environment', value: 'staging', count: 100, of: 140 },
    ),
  ],
  [
    'SDKs fall silent, and names that came from one of them alone, and from another SDK',
    changed(
      ...['roku', 'ios-client', 'tizen', 'android-client', 'web-os'].map((value, i) => ({
        ...missingChange,
        what: 'sdk' as const,
        value,
        count: i === 0 ? 170 : 0,
        of: 1240 - i,
        since: hoursAgo(30 - i),
      })),
      { ...missingChange, value: 'watch', label: 'roku', count: 170, of: 586 },
      { ...missingChange, value: 'tap_buy', label: 'ios-client', of: 120 },
      { ...missingChange, value: 'refund', label: 'js-client', of: 60 },
      { ...missingChange, value: 'open', label: null, of: 50 },
    ),
  ],
  [
    'values of two events are no numbers, and those of two have another size',
    changed(
      { ...moreChange, what: 'value', subject: 'buy', value: 'text', label: '99,99' },
      { ...moreChange, what: 'value', subject: 'refund', value: 'none' },
      { ...otherChange, what: 'amount', subject: 'buy', usual: 20, mean: 2000 },
      { ...otherChange, what: 'amount', subject: 'refund', usual: 20, mean: 2000, since: hoursAgo(20) },
    ),
  ],
  [
    'events of an SDK have a text that is no user',
    changed({ ...versionChange, value: 'anonymous', usual: 0 }),
  ],
  [
    'events of an SDK have one time',
    changed({
      ...versionChange,
      what: 'time',
      value: 'one',
      label: '2026-11-19 09:00:00.000',
      times: 1,
      usual: 0,
    }),
  ],
  [
    'events of an SDK have one of twelve times',
    changed({
      ...versionChange,
      what: 'time',
      value: 'one',
      label: '2026-11-19 09:00:00.000',
      times: 12,
      usual: 0,
    }),
  ],
  [
    'events of an SDK have local times, which are ahead',
    {
      ...changed({ ...versionChange, what: 'offset', value: '-330', usual: 0 }),
      noted: {
        ...notedTimes,
        ahead: [{ ...requestGroup, sdk: 'js-client 3.1.0', count: 600, skewMs: -5.5 * HOUR_MS }],
      },
    },
  ],
  [
    'events of an SDK have local times, and others of it are ahead by other hours',
    {
      ...changed({ ...versionChange, what: 'offset', value: '240', usual: 0 }),
      noted: {
        ...notedTimes,
        ahead: [{ ...requestGroup, sdk: 'js-client 3.1.0', count: 600, skewMs: -5.5 * HOUR_MS }],
      },
    },
  ],
  [
    'events of an SDK are as far from their receipt as its clock is',
    {
      ...changed({ ...versionChange, what: 'offset', value: '300', usual: 0 }),
      noted: {
        ...notedTimes,
        uncorrected: [{ ...requestGroup, sdk: 'js-client 3.1.0', count: 600, skewMs: 5 * HOUR_MS }],
      },
    },
  ],
  [
    'events of two versions of an SDK have local times',
    changed(
      { ...versionChange, what: 'offset', value: '300', usual: 0.004 },
      { ...versionChange, what: 'offset', value: '240', usual: 0, sdk: 'js-client 3.1.1', count: 30, of: 40 },
    ),
  ],
  [
    'metadata of an event lack two keys',
    changed(
      { ...otherChange, what: 'key', subject: 'purchase', field: "it's", label: 'productSku' },
      { ...otherChange, what: 'key', subject: 'purchase', field: 'plan' },
    ),
  ],
  [
    'an SDK makes IDs of devices and of users each time',
    changed(
      ...(['stable_id', 'user_id'] as const).map(
        (field): ContentChange => ({
          ...moreChange,
          what: 'newIds',
          field,
          value: 'new',
          count: 1_410,
          of: 1_440,
          usual: 80,
        }),
      ),
    ),
  ],
  [
    'values of an event are a hundred times as large',
    changed({ ...otherChange, what: 'amount', subject: 'invoice', usual: 58.2, mean: 6_234 }),
  ],
  [
    'values of two events are smaller',
    changed(
      { ...otherChange, what: 'amount', subject: 'invoice', usual: 5_820, mean: 58.2 },
      { ...otherChange, what: 'amount', subject: 'refund', usual: 20, mean: 0.0333, count: 30 },
    ),
  ],
  [
    'metadata of an event are a thousand times as large',
    changed({ ...otherChange, what: 'size', subject: 'search', usual: 15.2, mean: 20_811 }),
  ],
  [
    'events of an SDK come twice',
    changed({ ...otherChange, what: 'repeats', subject: 'purchase', count: 412, of: 420, usual: 0.004 }),
  ],
  [
    'events of a version come twice, and have one time',
    changed(
      { ...otherChange, what: 'repeats', subject: 'purchase', count: 412, of: 420, usual: 0 },
      { ...versionChange, what: 'time', value: 'one', label: '2026-11-19 09:00:00.000', times: 1 },
    ),
  ],
  [
    'metadata of an event have e-mail addresses',
    changed({
      ...versionChange,
      what: 'textForm',
      subject: 'signup',
      value: 'email',
      label: 'contact',
      usual: 0,
    }),
  ],
  [
    'metadata of an event have wrongly decoded texts',
    changed({ ...versionChange, what: 'textForm', subject: 'signup', value: 'mojibake', usual: 0 }),
  ],
  [
    'an SDK writes user IDs otherwise',
    changed({ ...versionChange, what: 'idForm', field: 'user_id', value: 'e-mail addresses', usual: 0 }),
  ],
  [
    'an SDK writes IDs of devices, and two versions a configured unit ID in capitals',
    changed(
      ...(['stable_id', 'company_id'] as const).map(
        (field): ContentChange => ({
          ...versionChange,
          what: 'idForm',
          field,
          value: 'UUIDs in capital letters',
          usual: 0,
        }),
      ),
      {
        ...versionChange,
        what: 'idForm',
        field: 'company_id',
        value: 'other texts',
        sdk: 'js-client 3.1.1',
        count: 30,
        of: 90,
        usual: 0,
      },
    ),
  ],
  [
    'events of an SDK lack a configured unit ID',
    changed({ ...versionChange, what: 'unitId', field: 'company_id', value: 'absent' }),
  ],
  [
    'events of an SDK lack two configured unit IDs',
    changed(
      { ...versionChange, what: 'unitId', field: 'company_id', value: 'absent' },
      { ...versionChange, what: 'unitId', field: 'team_id', value: 'absent' },
    ),
  ],
  [
    'an SDK of browsers is silent, and the gateway lets in pages of two sites alone',
    {
      ...changed({ ...missingChange, what: 'sdk', value: 'javascript-client', of: 115, count: 30 }),
      allowedOrigins: {
        origins: ['https://www.shop.example', 'https://shop.example'],
        address: 'https://a1b2.execute-api.eu-central-1.amazonaws.com',
      },
      deployedAt: hoursAgo(9.1),
    },
  ],
  [
    'an SDK of servers is silent, and the gateway lets in pages of one site alone',
    {
      ...changed({ ...missingChange, what: 'sdk', value: 'py-server', of: 115 }),
      allowedOrigins: { origins: ['https://www.shop.example'], address: 'https://collect.shop.example' },
    },
  ],
  [
    'the columns of two unit IDs lack what custom IDs have',
    changed(
      ...(['company_id', 'team_id'] as const).map(
        (field): ContentChange => ({
          ...moreChange,
          what: 'unitColumn',
          subject: '',
          field,
          value: 'away',
          label: '2026-11-20 05:40:00.000',
          sdk: null,
        }),
      ),
    ),
  ],
  [
    'no hash of a user of before comes since a deployment, so that all IDs are new',
    {
      ...changed(
        newHashes,
        { ...moreChange, what: 'newIds', field: 'user_id', value: 'new', count: 300, of: 310, usual: 80 },
        { ...versionChange, what: 'idForm', field: 'user_id', value: 'hexadecimal digests', usual: 0 },
      ),
      deployedAt: hoursAgo(9.1),
    },
  ],
  [
    'no hash of a user of before comes, of several SDKs, and the stack was deployed long before',
    { ...changed({ ...newHashes, count: 640, of: 642 }), deployedAt: hoursAgo(100) },
  ],
  [
    'exposures of three SDKs have reasons without an evaluation',
    {
      contentChanges: ['NoValues', 'Network:Unrecognized', 'LocalOverride:Recognized'].map((value, i) => ({
        ...moreChange,
        table: 'exposures',
        what: 'evaluation',
        subject: `sdk-${i}`,
        sdk: `sdk-${i} 3.1.0`,
        value,
      })),
    },
  ],
  [
    'values of two events are lost, or no numbers any more',
    changed(
      { ...moreChange, what: 'value', subject: 'buy', value: 'none' },
      {
        ...moreChange,
        what: 'value',
        subject: 'refund',
        value: 'text',
        label: '99,99',
        count: 20,
        of: 30,
        usual: 0,
      },
    ),
  ],
  ['the split of an experiment is another', changed(otherSplit)],
  [
    'units see several groups of an experiment',
    changed({
      ...moreChange,
      table: 'exposures',
      what: 'crossover',
      subject: 'checkout',
      value: 'several',
      usual: 0,
    }),
  ],
  [
    'there was a spike',
    { ...changedRequests({ what: 'requests' }), spikeFrom: { key: 'web', sdk: 'js-client 3', share: 0.953 } },
  ],
  [
    'the lists of the configuration leave out more than usual',
    {
      ...changedRequests({ what: 'ignored' }),
      ignoredFrom: { key: 'web', sdk: 'js-client 3', share: 0.953 },
    },
  ],
  [
    'the lists of the configuration left out more than usual, and nothing within the last hour',
    { ...changedRequests({ what: 'ignored' }), lastHour: wellHour, deployedAt: hoursAgo(9.5) },
  ],
  ['compressed bodies come without their header', failedRequests({ SLUICE_COLLECT_BODY_MANGLED: 7 })],
  [
    'a client has counted seconds within the last hour',
    {
      noted: { ...notedTimes, before2000: [{ ...requestGroup, key: 'shop', count: 6, last: hoursAgo(0.9) }] },
    },
  ],
  ['more goes past the stream than usual', changedRequests({ what: 'overflowed' })],
  ['the target of relay refuses', relayRefused(refusedCopies('401'), refusedCopies('expired', { count: 1 }))],
  ['relay is late', relayWaits(2, 3)],
  [
    'copies were not kept for relay',
    {
      unkept: { count: 42, first: hoursAgo(3), last: hoursAgo(0.1) },
      unkeptError: 'AccessDenied: no.',
    },
  ],
  [
    'large copies have no message in a queue',
    {
      relay: {
        ...relayWaits(0, 0).relay,
        waiting: { count: 0, oldest: null },
        stranded: { count: 3, hasMore: false, oldest: hoursAgo(30) },
      },
    },
  ],
  [
    'copies went out of the queue of relay',
    { lostCopies: { count: 20, since: hoursAgo(3), goneBy: hoursAgo(2.5), before: 21, after: 1 } },
  ],
  [
    'a client counts seconds',
    {
      noted: {
        ...notedTimes,
        counts: { before_2000: 7, clock_corrected: 3 },
        before2000: [
          { ...requestGroup, key: 'shop', sdk: 'python 1.0', count: 6 },
          { ...requestGroup, last: hoursAgo(9), count: 1 },
        ],
      },
    },
  ],
  [
    'the clock of an SDK is off by hours, and that of few phones is',
    {
      lastDay: { ...wellDay, received: 10_000 },
      noted: {
        ...notedTimes,
        counts: { clock_corrected: 49, clock_ignored: 10 },
        corrected: [
          { ...requestGroup, key: 'shop', sdk: 'py-server 0.40.0', count: 40, skewMs: 3 * HOUR_MS },
          { ...requestGroup, key: 'app', sdk: 'android-client 4', count: 9, skewMs: 24 * HOUR_MS },
        ],
        uncorrected: [{ ...requestGroup, key: 'batch', count: 10, skewMs: -1.5 * HOUR_MS }],
        ahead: [
          { ...requestGroup, key: 'http', count: 11, skewMs: -1.1 * HOUR_MS },
          { ...requestGroup, key: 'curl', count: 10, skewMs: -25.9 * HOUR_MS },
        ],
      },
    },
  ],
  ['many events of a sender that states no clock are from before the time window', oldEvents(false)],
  ['many events of a sender that states no clock are as old within an hour', agedEvents(29.96)],
  ['many events of a sender that states no clock are of several ages', agedEvents(29.95)],
  ['many events of a sender whose stated clock is right are from before the time window', oldEvents(true)],
  [
    'half of the events of an SDK from before the time window have one time',
    {
      ...oldEvents(false),
      ...changed({
        ...versionChange,
        what: 'time',
        sdk: 'ios-client 2',
        label: '2026-11-01 09:00:00.000',
        times: 1,
        count: 5,
        of: 5,
      }),
    },
  ],
  [
    'events of an SDK are from before the time window, of which less than half have one time',
    {
      ...oldEvents(false),
      ...changed({
        ...versionChange,
        what: 'time',
        sdk: 'ios-client 2',
        label: '2026-11-01 09:00:00.000',
        times: 1,
        count: 4,
        of: 9,
      }),
    },
  ],
];
