import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';

/** The codes that each suite pastes the printed commands of, and sees gone. */
const PASTED = {
  'e2e/changedByHand': 'FILE_DAMAGED',
  'e2e/cures':
    'CURATE_FAILED CURATE_KEPT CURATE_LATE DAYS_LOST EXPORT_FAILED EXPORT_KEPT FILES_LOST INGEST_FAILED INGEST_LATE INGEST_WAITING INPUTS_MISSING RECEIPTS_FAILED ROWS_UNUSUAL SOURCE_UNREADABLE',
  'e2e/foreignBytes': 'DAMAGED',
  'e2e/onCall': 'KEYS_UNREADABLE NO_KEY',
  'e2e/outages': 'LANDING_LATE',
  'e2e/relay': 'RELAY_REFUSED',
};

/** The commands are of AWS: `npm run test:aws` asks botocore about them. These suites do what they say. */
const OF_AWS = {
  'e2e/changedByHand': 'DRIFT RESOURCE_MISSING TABLE_DIFFERS',
  'e2e/functions': 'FAULTS FUNCTION_FAILED',
  'e2e/onCall': 'ALARM KEY_UNUSABLE PARTITION_WRONG STREAM_LATE',
  'e2e/outages': 'NOT_STORED UNREACHED',
  'observe/doctor/beforeDeploy/freeNames': 'NAME_TAKEN',
  'observe/doctor/bucket/forwarding': 'FORWARDED',
  'observe/doctor/onAws': 'BUCKET_UNFIT',
  'observe/doctor/stack/stack': 'STACK_UNFINISHED',
  'observe/judgeCases/findings': 'ARCHIVED DEAD_LETTERS LEDGER_DAMAGED NO_TOPIC RELAY_LATE RELAY_NOT_KEPT',
};

/** What ends these is the act of a person, or time. The commands, if there are any, only show more. */
const ACTS = {
  'AWS raises a limit or a quota': 'OVERFLOW QUOTA QUOTA_NEAR QUOTA_REACHED',
  'Firehose or Statsig answers': 'HOURS_UNPROVED NAMES_UNKNOWN',
  'its owner changes it, or grants':
    'ARCHIVING BOUNDARY_UNFIT DEPLOY_DENIED DOMAIN_UNFIT LAKE_FORMATION NIGHT_MISSING NOT_RUN READER_ALLOWED READER_DENIED ROLE_DENIED UNDELETED UNREADABLE',
  'somebody configures and deploys':
    'ENCRYPTION_DIFFERS IGNORED READER_REPLACED REGION_UNFIT STACK_DIFFERS STACK_MISSING STACK_TOO_LARGE VERSION_DIFFERS',
  'somebody signs in, or repeats it': 'CREDENTIALS ERASE_STOPPED HOUR_SHORT',
  'a day passes: nothing brings it back': 'RELAY_LOST',
  'the sender corrects it, or sends again':
    'CLOCK_OFF EVENTS_UNUSUAL EVENT_MISSING FILES_LEFT_OUT QUARANTINED REFUSED RESENDS SILENT SPIKE TIME_SECONDS',
  'what is not emulated': 'UNCHECKED',
};

/** The codes of a table, each with that of which it is. */
const rowsOf = (table: Readonly<Record<string, string>>) =>
  Object.entries(table).flatMap(([of, codes]) => codes.split(' ').map((code) => ({ code, of })));

describe('the cure of a finding', () => {
  it('has one row, of each finding of the catalogue', () => {
    const codes = Object.keys(findingCatalogue).map((code) => code.replace('SLUICE_FINDING_', ''));
    const rows = [PASTED, OF_AWS, ACTS].flatMap(rowsOf);
    expect(rows.map(({ code }) => code).sort()).toEqual(codes.sort());
  });

  it.each(rowsOf(PASTED))('of $code is pasted in $of', ({ code, of }) => {
    expect(read(of)).toMatch(new RegExp(`\\b(?:cured?|finding|found)\\('${code}'`));
  });

  it.each(rowsOf(OF_AWS))('of $code is seen in $of', ({ code, of }) => {
    expect({ code, isNamed: read(of).includes(code) }).toEqual({ code, isNamed: true });
  });
});

function read(suite: string): string {
  return ['.ts', '.json', '.test.ts', '.contract.test.ts', '.story.test.ts', '.proof.test.ts']
    .map((tier) => join(projectRoot, 'test', `${suite}${tier}`))
    .flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []))
    .join();
}
