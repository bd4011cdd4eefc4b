import { describe, expect, it } from '@jest/globals';
import { problemPaths } from './problemPaths.ts';

const unitIds = { companyID: 'company_id', 'Team-ID': 'team', 'account.id': 'account_id' };
/** Paths of the fields for which redaction of a path is refused. */
const redacting = (path: string) =>
  problemPaths({ unitIds, privacy: { redact: { [path]: 'drop' }, salt: 'sixteen characters' } });

describe('a redaction path', () => {
  it.each([
    // Nothing begins so.
    'email',
    'user_id',
    'custom.plan',
    'companyID',
    'currentPage',
    'users.email',
    'events.*.user.email',
    '$.user.email',
    '/user/email',
    'user->email',
    ' user.email',
    'card_number',
    // A user has no such member.
    'user.emial',
    'user.user_id',
    'user.companyID',
    'user.stableID',
    'user.nickname',
    'user. email',
    // This is the column of a unit ID, whose name is companyID.
    'user.customIDs.company_id',
    '',
    '*.email',
    // Private attributes are taken out of every event as it is.
    'user.privateAttributes.ssn',
    'privateAttributes',
    // Without these there is no row.
    'event_name',
    'secondary_exposures.*.gate',
    // An asterisk stands alone.
    'user.custom.pii_*',
    'metadata.*_name',
    'user.**',
  ])('is refused if it can match nothing: %j', (path) => {
    expect(redacting(path)).toEqual(['privacy.redact']);
  });

  it.each([
    'user',
    'user.email',
    'user.custom.*',
    'user.*.*',
    'user.customIDs.companyID',
    // SDKs send more of them than have a column.
    'user.customIDs.deviceID',
    'user.\\nickname',
    'metadata.event_name',
    'metadata.a/b',
    'metadata.user.email',
    'metadata.items.*.price',
    'metadata.a\\.b.\\*',
    'metadata.items\\[\\]',
    'value',
    'value.card',
    'statsigMetadata.currentPage',
    'statsigMetadata.stableID',
    '\\card_number',
    '\\receipt.card',
    // The event's own member, though users have one of that name.
    'user.\\companyID',
  ])('is accepted if it can match: %s', (path) => {
    expect(redacting(path)).toEqual([]);
  });
});

describe('a name that can match nothing', () => {
  it.each(['user.customIDs.companyID', 'customIDs.companyID', ' companyID', 'userID', 'user.userID'])(
    'is refused as a unit ID: %j',
    (name) => {
      expect(problemPaths({ unitIds: { [name]: 'company_id' } })).toEqual([`unitIds.${name}`]);
    },
  );

  it.each([
    { input: { events: { deny: ['statsig::gate_exposure'] } }, path: 'events.deny.0' },
    { input: { exposures: { allow: ['a', 'statsig::gate_exposure'] } }, path: 'exposures.allow.1' },
    { input: { exposures: { deny: ['statsig::*'] } }, path: 'exposures.deny.0' },
    { input: { events: { deny: [' click'] } }, path: 'events.deny.0' },
  ])('is refused in a list, as $path', ({ input, path }) => {
    expect(problemPaths(input)).toEqual([path]);
  });

  it('is none that events, or unit IDs, can have', () => {
    const events = { deny: ['auto_capture::*', 'statsig::log_line', 'a b'] };
    expect(problemPaths({ events, exposures: { deny: ['gate_*', 'my gate'] } })).toEqual([]);
    expect(problemPaths({ unitIds: { 'account.id': 'account_id', stableID: 'device' } })).toEqual([]);
  });
});
