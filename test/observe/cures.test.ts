import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';

/** The suite that pastes the printed commands, and sees the finding gone. */
const PASTED: Readonly<Record<string, string>> = {
  CURATE_FAILED: 'e2e/cures',
  CURATE_KEPT: 'e2e/cures',
  CURATE_LATE: 'e2e/cures',
  DAMAGED: 'e2e/foreignBytes',
  DAYS_LOST: 'e2e/cures',
  EXPORT_FAILED: 'e2e/cures',
  EXPORT_KEPT: 'e2e/cures',
  FILES_LOST: 'e2e/cures',
  FILE_DAMAGED: 'e2e/changedByHand',
  INGEST_FAILED: 'e2e/cures',
  INGEST_LATE: 'e2e/cures',
  INGEST_WAITING: 'e2e/cures',
  INPUTS_MISSING: 'e2e/cures',
  KEYS_UNREADABLE: 'e2e/onCall',
  LANDING_LATE: 'e2e/outages',
  NO_KEY: 'e2e/onCall',
  RECEIPTS_FAILED: 'e2e/cures',
  RELAY_REFUSED: 'e2e/relay',
  ROWS_UNUSUAL: 'e2e/cures',
  SOURCE_UNREADABLE: 'e2e/cures',
};

/** The commands are of AWS: `npm run test:aws` asks botocore about them. The suite does what they say. */
const OF_AWS: Readonly<Record<string, string>> = {
  ALARM: 'e2e/onCall',
  ARCHIVED: 'observe/judgeCases/findings',
  BUCKET_UNFIT: 'observe/doctor/onAws',
  DEAD_LETTERS: 'observe/judgeCases/findings',
  DRIFT: 'e2e/changedByHand',
  FAULTS: 'e2e/functions',
  FORWARDED: 'observe/doctor/bucket',
  FUNCTION_FAILED: 'e2e/functions',
  KEY_UNUSABLE: 'e2e/onCall',
  LEDGER_DAMAGED: 'observe/judgeCases/findings',
  NAME_TAKEN: 'observe/doctor/beforeDeploy',
  NO_TOPIC: 'observe/judgeCases/findings',
  NOT_STORED: 'e2e/outages',
  UNREACHED: 'e2e/outages',
  PARTITION_WRONG: 'e2e/onCall',
  RELAY_LATE: 'observe/judgeCases/findings',
  RELAY_NOT_KEPT: 'observe/judgeCases/findings',
  RESOURCE_MISSING: 'e2e/changedByHand',
  STACK_UNFINISHED: 'observe/doctor/stack',
  STREAM_LATE: 'e2e/onCall',
  TABLE_DIFFERS: 'e2e/changedByHand',
};

/** What ends it is the act of a person, or time. The commands, if there are any, only show more. */
const ACTS: Readonly<Record<string, string>> = {
  ARCHIVING: 'its owner changes the rule',
  BOUNDARY_UNFIT: 'its owner changes it, or somebody configures and deploys',
  CLOCK_OFF: 'the sender sets its clock',
  CREDENTIALS: 'somebody signs in',
  DEPLOY_DENIED: 'its owner attaches policies',
  DOMAIN_UNFIT: 'its owner points it',
  ERASE_STOPPED: 'whoever began the erasure repeats it',
  ENCRYPTION_DIFFERS: 'somebody configures and deploys',
  EVENTS_UNUSUAL: 'whoever owns the app or the experiment corrects it',
  EVENT_MISSING: 'the app sends it again',
  FILES_LEFT_OUT: 'other files',
  HOUR_SHORT: 'somebody copies the object back',
  HOURS_UNPROVED: 'Firehose answers',
  IGNORED: 'somebody configures and deploys',
  LAKE_FORMATION: 'its administrator grants',
  NAMES_UNKNOWN: 'Statsig answers with the names',
  NIGHT_MISSING: 'its owner changes it',
  NOT_RUN: 'its owner sets it back',
  OVERFLOW: 'AWS raises the limit; ends after a day',
  QUARANTINED: 'the sender corrects',
  QUOTA: 'AWS raises the quota',
  QUOTA_NEAR: 'AWS raises the quota',
  READER_ALLOWED: 'who granted it',
  READER_DENIED: 'its owner changes it',
  READER_REPLACED: 'somebody configures and deploys',
  REFUSED: 'the sender corrects',
  REGION_UNFIT: 'somebody configures and deploys',
  RESENDS: 'the sender corrects',
  ROLE_DENIED: 'its owner changes it',
  SILENT: 'the app sends',
  SPIKE: 'the sender corrects',
  STACK_DIFFERS: 'somebody configures and deploys',
  STACK_MISSING: 'somebody deploys',
  STACK_TOO_LARGE: 'somebody configures and deploys',
  TIME_SECONDS: 'the sender corrects',
  UNCHECKED: 'what is not emulated',
  UNDELETED: 'its owner changes it',
  UNREADABLE: 'its owner changes it',
  VERSION_DIFFERS: 'somebody deploys',
};

const TABLE = { ...PASTED, ...OF_AWS, ...ACTS };

describe('the cure of a finding', () => {
  it('has one row, of each finding of the catalogue', () => {
    const codes = Object.keys(findingCatalogue).map((code) => code.replace('SLUICE_FINDING_', ''));
    expect(Object.keys(TABLE).sort()).toEqual(codes.sort());
    const rows = [PASTED, OF_AWS, ACTS].flatMap((codesOfKind) => Object.keys(codesOfKind));
    expect(rows).toHaveLength(codes.length);
  });

  it.each(Object.entries(PASTED))('of %s is pasted in %s', (code, suite) => {
    const text = read(suite);
    expect(text).toMatch(new RegExp(`\\b(?:cured?|finding|found)\\('${code}'`));
  });

  it.each(Object.entries(OF_AWS))('of %s is seen in %s', (code, suite) => {
    expect({ code, isNamed: read(suite).includes(code) }).toEqual({ code, isNamed: true });
  });
});

function read(suite: string): string {
  return ['.ts', '.json', '.test.ts', '.contract.test.ts', '.story.test.ts', '.proof.test.ts']
    .map((tier) => join(projectRoot, 'test', `${suite}${tier}`))
    .flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []))
    .join();
}
