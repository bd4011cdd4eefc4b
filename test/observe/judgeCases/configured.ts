import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import type { ContentChange } from '../../../observe/facts/tables/contentChanges.ts';
import type { SourceInput } from '../../harness/configInput.ts';
import {
  changedRequests,
  datasetFacts,
  deadLetters,
  exportOf,
  failedBy,
  failureOf,
  functionErrors,
  hoursAgo,
  lateDay,
  looked,
  missingChange,
  moreChange,
  msAgo,
  quarantineCount,
  relayWaits,
  ringingAlarm,
  unreachedAt,
  wellKeys,
} from '../statusFacts.ts';
import { each } from './Case.ts';

/** A state of a deployment with another configuration. */
interface ConfiguredState {
  /** What the configuration has beside its bucket. */
  readonly config: Omit<ConfigInput, 'bucket'>;
  /** How the facts differ from those of a deployment where all is well. */
  readonly facts: Partial<StatusFacts>;
}

const OWNER = '222222222222';
const goneSdk: ContentChange = { ...missingChange, what: 'sdk', value: 'js-client', of: 400 };
const goneBuy: ContentChange = { ...missingChange, value: 'buy', of: 60 };

/** A source of the customer with these datasets. @param more What else it has. */
const sourceOf = (more: Partial<SourceInput>, ...datasets: readonly string[]) => ({
  sources: [
    {
      name: 'acme',
      bucket: 'customers',
      owner: OWNER,
      region: 'eu-central-1',
      ...more,
      datasets: datasets.map((name) => ({ name, kind: 'table', mapping: { columns: { n: 'n' } } }) as const),
    } as const,
  ],
});

/** States whose findings depend on the configuration. Their findings are in findings.json. */
export const configuredCases: Readonly<Record<string, ConfiguredState>> = {
  'copies wait for an address that has moved': {
    config: { relay: { url: 'https://events.acme.example/in' } },
    facts: {
      ...relayWaits(5, 4),
      relayAnswer: { from: 'target', why: '308', copies: 2, at: hoursAgo(0.1), takenAt: null },
    },
  },
  ...each(['customers', 'customers-dev'], (bucket) => [
    `messages of the loader failed with the bucket ${bucket}, where a source has customers`,
    {
      config: sourceOf({}, 'events'),
      facts: {
        deadLetters: [{ ...deadLetters, part: 'ingest-load', queue: 'q' }],
        failures: { q: failureOf('missing', `SLUICE_LOAD_X: s3://${bucket}/events/: NoSuchBucket.`) },
      },
    },
  ]),
  'three names of events stay away, of which two are denied': {
    config: { events: { deny: ['debug_*', 'other'] } },
    facts: { contentChanges: ['debug_a', 'other', 'buy'].map((value) => ({ ...goneBuy, value })) },
  },
  ...each(
    [
      { name: 'half with a name that is allowed in another case', allow: ['Buy', 'view'], of: 200 },
      { name: 'half with a name that is not allowed', allow: ['view'], of: 200 },
      { name: 'fewer than half with a name that is not allowed', allow: ['view'], of: 199 },
    ],
    ({ name, allow, of }) => [
      `an SDK lacks events, ${name}`,
      { config: { events: { allow } }, facts: { contentChanges: [goneSdk, { ...goneBuy, of }] } },
    ],
  ),
  'the lists leave out more events, among them two names of the days before': {
    config: { events: { allow: ['Buy'] }, exposures: { deny: ['old_*'] } },
    facts: {
      ...changedRequests({ what: 'ignored' }),
      contentChanges: [goneBuy, { ...goneBuy, value: 'pay' }],
    },
  },
  ...each(
    [
      {
        state: 'have no unit, and the user ID is dropped',
        redact: { 'user.userID': 'drop' },
        what: 'unit',
        value: 'absent',
      },
      {
        state: 'have no unit, and the user is dropped',
        redact: { User: 'drop' },
        what: 'unit',
        value: 'absent',
      },
      {
        state: 'have no unit, and the user ID is hashed',
        redact: { 'user.userID': 'hash' },
        what: 'unit',
        value: 'absent',
      },
      {
        state: 'have digests as user IDs, and the user ID is hashed',
        redact: { 'user.userid': 'hash' },
        what: 'idForm',
        field: 'user_id',
        value: 'hexadecimal digests',
      },
      {
        state: 'lack a key of their metadata, which is dropped',
        redact: { 'metadata.productSku': 'drop' },
        what: 'key',
        field: 'productSku',
        value: 'js-client',
      },
      {
        state: 'have no value, and values are dropped',
        redact: { value: 'drop' },
        what: 'value',
        value: 'none',
      },
      {
        state: 'lack a unit ID, which is dropped',
        redact: { 'user.customIDs.companyID': 'drop' },
        what: 'unitId',
        field: 'company_id',
        value: 'absent',
      },
      {
        state: 'lack a unit ID, and another is dropped',
        redact: { 'user.customIDs.teamID': 'drop' },
        what: 'unitId',
        field: 'company_id',
        value: 'absent',
      },
      {
        state: 'have texts as values, and values are hashed',
        redact: { value: 'hash' },
        what: 'value',
        value: 'text',
      },
    ] as const,
    ({ state, redact, ...change }) => [
      `events of an SDK ${state}`,
      {
        config: {
          privacy: { redact, salt: 'a salt for this test' },
          unitIds: { companyID: 'company_id', teamID: 'team_id' },
        },
        facts: {
          deployedAt: hoursAgo(9),
          contentChanges: [{ ...moreChange, ...change, sdk: 'js-client 3', count: 30, of: 40, usual: 0 }],
        },
      },
    ],
  ),
  'an experiment of a layer stays away, and the layer is denied': {
    config: { exposures: { deny: ['shop_layer'] } },
    facts: {
      contentChanges: [
        {
          ...missingChange,
          table: 'exposures',
          what: 'experiment',
          value: 'checkout',
          label: 'shop_layer',
          of: 20,
        },
      ],
    },
  },
  ...each(
    [
      { what: 'was listed as that of another owner', owner: '111111111111' },
      { what: 'was listed as that of this owner', owner: OWNER },
    ],
    ({ what, owner }) => [
      `the bucket of two datasets is of another account, and ${what}`,
      {
        config: sourceOf({}, 'orders', 'refunds'),
        facts: {
          datasets: ['orders', 'refunds'].flatMap(
            (dataset) =>
              looked(
                {
                  failure: {
                    code: 'SLUICE_SOURCE_OWNER_DIFFERS',
                    message: 'X.',
                    since: msAgo(1),
                    // The other one came to the source later.
                    ...(dataset === 'orders' && { lastGood: msAgo(3) }),
                  },
                  place: { name: 's3://customers/x', since: msAgo(9), owner },
                },
                { dataset, late: [lateDay('2026-11-20', 2)] },
              ).datasets,
          ),
        },
      },
    ],
  ),
  'an export is denied by a bucket that the configuration has': {
    config: {
      exports: [
        { name: 'out', table: 'statsig_forwarded_events', target: { bucket: 'customers', owner: OWNER } },
      ],
    },
    facts: exportOf(failedBy('SLUICE_EXPORT_ACCESS_DENIED')),
  },
  'a day is denied by a key that the configuration names': {
    config: sourceOf({ kmsKeyArn: `arn:aws:kms:eu-central-1:${OWNER}:key/1` }, 'orders'),
    facts: datasetFacts({ days: [failedBy('SLUICE_SOURCE_KEY_DENIED')] }),
  },
  ...each(
    ['SLUICE_SOURCE_ACCESS_DENIED', 'SLUICE_SOURCE_KEY_DENIED', 'SLUICE_SOURCE_ROLE_DENIED'],
    (code) => [
      `a folder that a role of the customer lists fails with ${code}`,
      {
        config: sourceOf(
          { role: { arn: `arn:aws:iam::${OWNER}:role/drops`, externalId: 'sluice-1' } },
          'orders',
        ),
        facts: looked({ failure: { code, message: 'No.' } }),
      },
    ],
  ),
  'Lambda throttles another function, and the collector, which has reserved concurrency': {
    config: { collector: { reservedConcurrency: 50 } },
    facts: {
      functionErrors: ['export', 'collect'].map((part) => ({
        ...functionErrors,
        part,
        errors: 0,
        throttled: 5,
      })),
      failures: { collect: failureOf('throttled', 'x'), export: failureOf('throttled', 'x') },
    },
  },
  'the actions of two alarms are off, and that of a third is not': {
    config: { alarms: { topicArn: 'arn:aws:sns:eu-central-1:111122223333:a' } },
    facts: {
      alarms: ['overflow', 'api-5xx', 'late'].map((name) => ({
        ...ringingAlarm,
        name: `sluice-prod-${name}`,
        state: 'OK',
        notifies: name === 'late',
      })),
    },
  },
  ...each(
    [
      { what: 'on three days in a row' },
      { what: 'on two days in a row', came: [25, 49] },
      { what: 'half a day after the run', came: [15, 39, 63] },
      { what: 'but before the run, which is at noon', hour: 12 },
      { what: 'but of a dataset that is expected now', expectedBy: { hour: 8 } },
      { what: 'but of a dataset that is listed each hour now', more: { schedule: 'hourly' } as const },
      { what: 'and a folder that was not listed since', look: { at: msAgo(30) } },
    ],
    ({ what, came = [24.5, 48.8, 72.7], hour = 9, expectedBy, more, look }) => [
      `files waited for the run of the next day ${what}`,
      {
        config: {
          dailyIngest: { hour },
          sources: [
            {
              name: 'acme',
              bucket: 'customers',
              owner: OWNER,
              region: 'eu-central-1',
              datasets: [
                {
                  name: 'orders',
                  kind: 'table',
                  mapping: { columns: { n: 'n' } },
                  ...(expectedBy && { expectedBy }),
                },
              ],
            },
          ],
        },
        facts: looked({ cameAfterRun: came.map(msAgo).toReversed(), ...look }, more),
      },
    ],
  ),
  'requests were refused before the collector since Lambda throttles it, with a Function URL': {
    config: { endpoint: { kind: 'function-url' } },
    facts: {
      ...unreachedAt('4xx', 1),
      functionErrors: [
        {
          ...functionErrors,
          part: 'collect',
          errors: 0,
          throttled: 60,
          first: hoursAgo(1),
          last: hoursAgo(0.2),
        },
      ],
    },
  },
  ...each(
    [
      { kind: 'function-url', throttled: 25, hours: 1 },
      { kind: 'function-url', throttled: 25, hours: 1.1 },
      { kind: 'function-url', throttled: 24, hours: 1 },
      { kind: 'both', throttled: 24, hours: 1 },
      { kind: 'both', throttled: 25, hours: 1 },
      { kind: 'http-api', throttled: 25, hours: 1 },
    ] as const,
    ({ kind, throttled, hours }) => [
      `50 requests were refused before the collector, which Lambda throttled ${throttled} times until ${hours} h ago, with the endpoint ${kind}`,
      {
        config: { endpoint: { kind } },
        facts: {
          ...unreachedAt('4xx', 1),
          functionErrors: [
            { ...functionErrors, part: 'collect', errors: 0, throttled, last: hoursAgo(hours) },
          ],
        },
      },
    ],
  ),
  ...each(
    [
      { what: 'is in the secret', keys: ['web'] },
      { what: 'is in the configuration', keys: ['app'] },
      { what: 'is not known', keys: [null] },
    ],
    ({ what, keys }) => [
      `rows are of a kind that their key may not send, which ${what}`,
      {
        config: { keys: [{ label: 'app', sha256: 'a'.repeat(64), kinds: ['exposures'] }] },
        facts: {
          quarantine: [
            {
              ...quarantineCount,
              reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED',
              senders: keys.map((key) => ({ ...quarantineCount.senders[0], key })),
            },
          ],
        },
      },
    ],
  ),
  'no key is in the list, and any may post': {
    config: { allowAnyKey: true },
    facts: { keys: { ...wellKeys, senders: [] } },
  },
};
