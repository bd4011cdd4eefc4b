import * as z from 'zod';
import { valueAt } from '../../lib/base/json.ts';
import type { StatusFacts } from '../facts/statusFacts.ts';
import type { Finding, FindingCode } from './catalogue.ts';

/** A finding, and when it was seen last. */
export interface Sight {
  /** By the time of the deployment, ISO 8601. */
  readonly at: string;
  /** As it was told then. */
  readonly finding: Finding;
}

/** Sights as this machine has written them. */
const written = z.array(z.object({ at: z.string(), finding: z.custom<Finding>(isFinding) }));

function isFinding(value: unknown): boolean {
  const texts = ['title', 'detail', 'cause', 'cure', 'code'].map((name) => valueAt(value, [name]));
  return texts.every((text) => typeof text === 'string') && Array.isArray(valueAt(value, ['commands']));
}

/** Reads what an earlier look has written: none if that is of another version, or damaged. */
export function readSights(note: unknown): readonly Sight[] {
  return written.safeParse(note).data ?? [];
}

type Name<Code> = Code extends `SLUICE_FINDING_${infer Short}` ? Short : never;

/** Findings that are judged by a member of the facts: nobody sees them while it is not known. */
const JUDGED_BY: readonly (readonly [isUnknown: (facts: StatusFacts) => boolean, ...Name<FindingCode>[]])[] =
  [
    [({ lastHour }) => lastHour === null, 'NOT_STORED', 'REFUSED', 'SILENT'],
    [({ lastDay }) => lastDay === null, 'NOT_STORED', 'REFUSED', 'SILENT', 'SPIKE', 'OVERFLOW'],
    [({ unreached }) => unreached === null, 'UNREACHED'],
    [({ noted }) => noted === null, 'TIME_SECONDS', 'CLOCK_OFF'],
    [({ keys }) => keys === null, 'KEYS_UNREADABLE', 'NO_KEY'],
    [({ waiting }) => waiting.landing === null, 'LANDING_LATE', 'UNDELETED'],
    [({ waiting }) => waiting.damaged === null, 'DAMAGED'],
    [({ stream, isLocal }) => stream === null && !isLocal, 'STREAM_LATE', 'QUOTA_NEAR'],
    [({ partitions }) => partitions === null, 'PARTITION_WRONG'],
    [
      ({ stackFaults, unknown }) => stackFaults === null || unknown.some(({ of }) => of === 'stackFaults'),
      'RESOURCE_MISSING',
      'DRIFT',
      'TABLE_DIFFERS',
    ],
    [({ lostDays }) => lostDays === null, 'DAYS_LOST'],
    [({ archivedDays }) => archivedDays === null, 'ARCHIVED'],
    [({ archivingRules }) => archivingRules === null, 'ARCHIVING'],
    [({ receivedHours }) => receivedHours === null, 'HOUR_SHORT', 'HOURS_UNPROVED', 'NIGHT_MISSING'],
    [({ lastNight }) => lastNight === null, 'NIGHT_MISSING'],
    [({ quarantine }) => quarantine === null, 'QUARANTINED'],
    [
      ({ datasets }) => datasets === null,
      'SOURCE_UNREADABLE',
      'INGEST_LATE',
      'INGEST_WAITING',
      'INGEST_FAILED',
      'INPUTS_MISSING',
      'FILES_LOST',
      'ROWS_UNUSUAL',
      'FILES_LEFT_OUT',
      'RECEIPTS_FAILED',
    ],
    [({ exports }) => exports === null, 'EXPORT_FAILED', 'EXPORT_KEPT'],
    [
      ({ curated }) => curated === null,
      'CURATE_FAILED',
      'CURATE_LATE',
      'CURATE_KEPT',
      'FILES_LOST',
      'RESENDS',
    ],
    [({ relay }) => relay === null, 'RELAY_REFUSED', 'RELAY_LATE'],
    [({ deadLetters }) => deadLetters === null, 'DEAD_LETTERS'],
    [({ functionErrors }) => functionErrors === null, 'FUNCTION_FAILED'],
    [({ alarms }) => alarms === null, 'ALARM', 'NO_TOPIC'],
    [({ key, unknown }) => key === null && unknown.length > 0, 'KEY_UNUSABLE'],
  ];

/**
 * What this look has seen, and what the looks before it have seen of parts that cannot be read now. Such a finding says when it was seen
 * last. Parts that cannot be read because of a key have the key's finding.
 */
export function sightsOf(
  found: readonly Finding[],
  facts: StatusFacts,
  before: readonly Sight[],
): readonly Sight[] {
  const now = found.map((finding) => ({ at: facts.at, finding }));
  if (facts.unknown.every(({ isByKey }) => isByKey)) return now;
  const hidden = JUDGED_BY.flatMap(([isUnknown, ...names]) => (isUnknown(facts) ? names : []));
  const codes = hidden.map((name) => `SLUICE_FINDING_${name}`);
  const kept = before.filter(
    ({ finding: { code } }) => codes.includes(code) && found.every((other) => other.code !== code),
  );
  return [...now, ...kept];
}

/** A finding of a look before this one says that it cannot be looked at now. */
export function toldSight({ at, finding }: Sight, now: string): Finding {
  if (at === now) return finding;
  const title = finding.title.replace(/(, seen now)?\.$/, '');
  return { ...finding, title: `${title}; it cannot be looked at now, and was seen last at ${at}.` };
}
