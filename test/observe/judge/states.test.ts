import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { type Finding, findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { cases } from '../judgeCases/cases.ts';
import { configuredCases } from '../judgeCases/configured.ts';
import { seldomCases } from '../judgeCases/seldom.ts';
import { severalCases } from '../judgeCases/several.ts';
import { severalDays } from '../judgeCases/severalDays.ts';
import { severalDrops } from '../judgeCases/severalDrops.ts';
import { severalRequests } from '../judgeCases/severalRequests.ts';
import { nothingRead } from '../statusFacts.ts';
import { judge } from './judge.ts';

/** What is held of findings, by the state in which they are. */
const expected: Readonly<Record<string, readonly ReturnType<typeof outline>[]>> = JSON.parse(
  readFileSync(new URL('../judgeCases/findings.json', import.meta.url), 'utf8'),
);
/** Numbers, times, codes, quotes and names of a text, in its order, whether a code is of all or most, and words that decide: a clock ahead, at least, what S3 had, what is over. */
const figuresOf = (text: string) =>
  text
    .split(/\s+/)
    .map((word) => word.replace(/^[(`.,;:%]+|[)`.,;:%]+$/g, ''))
    .filter(
      (word, at, words) =>
        /[\d_/]|[A-Z]{3}|\w[-.:]\w|[a-z][A-Z]|^"|^(?:ahead|behind|least|had|over|false|drop|hash)$/.test(
          word,
        ) ||
        (/^(?:all|most|these)$/.test(word) && words[at + 1] === 'with'),
    )
    .join(' ');
/** A text with each name of an unread part as one word, so that it is a figure. */
const withPartNames = (text: string, unknown: StatusFacts['unknown'] = []) =>
  unknown
    .map(({ part }) => part)
    // A longer name may begin with another.
    .toSorted((a, b) => b.length - a.length)
    .reduce((named, part) => named.replace(new RegExp(`${part}\\b`, 'gi'), part.replaceAll(' ', '_')), text);

const TARGET = / --(?:stage prod|region eu-central-1)/g;

/** The names of the cases of its code that a finding may be of, and what its cause and its cure have before theirs. */
function casesOf({ code, cause, cure }: Pick<Finding, 'code' | 'cause' | 'cure'>) {
  const known = Object.entries<Pick<Finding, 'cause' | 'cure'>>(findingCatalogue[code].cases);
  const cured = known.filter((one) => cure.replaceAll(TARGET, '').endsWith(one[1].cure));
  const caused = cured.filter((one) => cause.replaceAll(TARGET, '').endsWith(one[1].cause));
  const fitting = caused.length > 0 ? caused : cured;
  const own = (text: string, ending = '') =>
    text.replaceAll(TARGET, '').slice(0, -ending.length || undefined);
  return {
    names: fitting.map(([name]) => name).join(' or '),
    ownCause: own(cause, caused[0]?.[1].cause),
    ownCure: own(cure, fitting[0]?.[1].cure),
  };
}

/** A finding without its sentences: of these the case that they are of, and the figures of those that have some of their own. */
function outline(found: Finding, { unknown }: Partial<StatusFacts>) {
  const { code, severity, since, subject, title, detail, judgedBy, commands } = found;
  const { names, ownCause, ownCure } = casesOf(found);
  return {
    code: code.slice('SLUICE_FINDING_'.length),
    case: names,
    severity,
    since,
    ...(subject === undefined ? null : { subject }),
    title: figuresOf(withPartNames(title, unknown)),
    detail: figuresOf(withPartNames(detail, unknown)),
    ...(ownCause === '' ? null : { cause: figuresOf(ownCause) }),
    ...(ownCure === '' ? null : { cure: figuresOf(ownCure) }),
    ...(judgedBy === undefined ? null : { judgedBy }),
    commands: commands.map((command) => command.replaceAll(TARGET, '')),
  };
}

const states: readonly (readonly [string, Partial<StatusFacts>])[] = [
  ...cases,
  ...Object.entries(seldomCases),
  ...Object.entries(severalRequests),
  ...Object.entries(severalDays),
  ...Object.entries(severalDrops),
  ...Object.entries(severalCases),
];

it.each(states)('sluice status tells case, times, figures and commands: %s', (what, facts) => {
  expect(judge(facts).map((found) => outline(found, facts))).toEqual(expected[what]);
});

it.each(Object.entries(configuredCases))(
  'sluice status tells case, times, figures and commands by the configuration: %s',
  (what, { config, facts }) => {
    expect(judge(facts, config).map((found) => outline(found, facts))).toEqual(expected[what]);
  },
);

it.each(cases)('sluice status tells it where nothing else could be read: %s', (what, facts) => {
  const codes = judge({ ...nothingRead, ...facts }).map(({ code }) => code.slice('SLUICE_FINDING_'.length));
  expect(codes).toContain(expected[what]?.[0]?.code);
});

/** The first state with each code. */
const stateOf = new Map(
  states
    .filter(([, { undeployed = null }]) => undeployed === null)
    .toReversed()
    .flatMap(([what, facts]) => (expected[what] ?? []).map(({ code }) => [code, facts] as const)),
);
/** The codes that are silent while a setting is not deployed, beside that of the stack, which says so. */
const silentWithout = (setting: string) => {
  const undeployed = { settings: [`${setting}: deployed a, configured b`], deployedAt: null };
  return [...stateOf]
    .filter(([code, facts]) =>
      judge({ ...facts, undeployed }).every((found) => !found.code.endsWith(`_${code}`)),
    )
    .map(([code]) => code)
    .sort()
    .join(' ');
};

it.each([
  { settings: ['statsigProject', 'collector.memoryMb', 'sourcesOf', 'x.sources'], silent: '' },
  {
    settings: [
      'bucket',
      'database',
      'statsigFolder',
      'formerStatsigFolders',
      'tables.events',
      'existing.bucket',
    ],
    silent:
      'ARCHIVED ARCHIVING BUCKET_UNFIT CURATE_FAILED CURATE_KEPT CURATE_LATE DAMAGED DAYS_LOST DRIFT ERASE_STOPPED EVENTS_UNUSUAL EVENT_MISSING EXPORT_FAILED EXPORT_KEPT FILES_LEFT_OUT FILES_LOST FILE_DAMAGED HOURS_UNPROVED HOUR_SHORT IGNORED INGEST_FAILED INGEST_LATE INGEST_WAITING INPUTS_MISSING KEYS_UNREADABLE KEY_UNUSABLE LANDING_LATE LEDGER_DAMAGED NIGHT_MISSING NO_KEY NO_TOPIC PARTITION_WRONG QUARANTINED QUOTA_NEAR RECEIPTS_FAILED RELAY_LATE RELAY_LOST RELAY_NOT_KEPT RELAY_REFUSED RESENDS RESOURCE_MISSING ROWS_UNUSUAL SILENT SOURCE_UNREADABLE STREAM_LATE TABLE_DIFFERS TIME_SECONDS UNDELETED UNREACHED UNREADABLE',
  },
  {
    settings: ['curate', 'curateAfter', 'curatedTables.events'],
    silent: 'ARCHIVED ARCHIVING CURATE_FAILED CURATE_KEPT CURATE_LATE EVENTS_UNUSUAL EVENT_MISSING RESENDS',
  },
  {
    settings: ['timeWindow.pastDays'],
    silent:
      'ARCHIVED ARCHIVING CURATE_FAILED CURATE_KEPT CURATE_LATE EVENTS_UNUSUAL EVENT_MISSING PARTITION_WRONG RESENDS TIME_SECONDS',
  },
  {
    settings: ['retention.landingDays'],
    silent:
      'ARCHIVED ARCHIVING CURATE_FAILED CURATE_KEPT CURATE_LATE DAYS_LOST EVENTS_UNUSUAL EVENT_MISSING RESENDS',
  },
  { settings: ['buffering.intervalSeconds'], silent: 'QUOTA_NEAR STREAM_LATE' },
  { settings: ['keys', 'allowAnyKey'], silent: 'KEYS_UNREADABLE NO_KEY' },
  { settings: ['endpoint'], silent: 'UNREACHED' },
  { settings: ['events.deny', 'exposures.deny'], silent: 'IGNORED' },
  { settings: ['reconcile'], silent: 'NIGHT_MISSING' },
  {
    settings: ['sources.acme'],
    silent:
      'FILES_LEFT_OUT FILES_LOST INGEST_FAILED INGEST_LATE INGEST_WAITING INPUTS_MISSING LEDGER_DAMAGED RECEIPTS_FAILED ROWS_UNUSUAL SOURCE_UNREADABLE',
  },
  { settings: ['exports.out'], silent: 'EXPORT_FAILED EXPORT_KEPT' },
  { settings: ['relay.url'], silent: 'RELAY_LATE RELAY_LOST RELAY_NOT_KEPT RELAY_REFUSED' },
  { settings: ['alarms.topicArn'], silent: 'NO_TOPIC' },
])(
  'sluice status says nothing that is read by $settings while they are not deployed',
  ({ settings, silent }) => {
    for (const setting of settings)
      expect({ setting, silent: silentWithout(setting) }).toEqual({ setting, silent });
  },
);
