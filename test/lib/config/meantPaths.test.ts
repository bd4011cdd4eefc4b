import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const unitIds = { companyID: 'company_id', 'Team-ID': 'team', 'account.id': 'account_id' };
const define = (input: Partial<ConfigInput>) => () => defineConfig({ bucket: 'acme', ...input });
const redacting = (path: string, action: 'drop' | 'hash' = 'drop') =>
  define({ unitIds, privacy: { redact: { [path]: action }, salt: 'sixteen characters' } });

describe('a redaction path that can match nothing', () => {
  it.each([
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
  ])('is rejected with the beginnings that there are: %s', (path) => {
    expect(redacting(path)).toThrow(
      `privacy.redact: got ${JSON.stringify(path)}, expected a path that begins with user, value, metadata, stat`,
    );
  });

  it.each(['user.emial', 'user.user_id', 'user.companyID', 'user.stableID', 'user.nickname', 'user. email'])(
    'is rejected with the members of a user: %s',
    (path) => {
      expect(redacting(path)).toThrow('expected a member of a user: userID, email, ip, ');
    },
  );

  it('is rejected with the name of the unit ID, whose column it is', () => {
    expect(redacting('user.customIDs.company_id')).toThrow('expected user.customIDs.companyID, whose column');
  });

  it.each([
    ['', 'a path such as user.email'],
    ['*.email', 'a path such as user.email'],
    ['user.privateAttributes.ssn', 'private attributes are taken out of every event as it is'],
    ['privateAttributes', 'private attributes are taken out of every event as it is'],
    ['event_name', 'another member of the event: without this one there is no row'],
    ['secondary_exposures.*.gate', 'another member of the event: without this one there is no row'],
    ['user.custom.pii_*', 'a * that stands alone'],
    ['metadata.*_name', 'a * that stands alone'],
    ['user.**', 'a * that stands alone'],
  ])('is rejected with its reason: %s', (path, why) => {
    expect(redacting(path)).toThrow(why);
  });

  it.each([
    'user',
    'user.email',
    'USER.Email',
    'user.custom.*',
    'user.*.*',
    'user.customIDs.companyID',
    'user.\\nickname',
    'user.customIDs.userID',
    'user.customIDs.deviceID',
    'metadata.event_name',
    'metadata.a/b',
    'user.custom.email',
    'user.custom.company_id',
    'metadata.email',
    'metadata.user.email',
    'metadata.bootstrapMetadata.user.email',
    'metadata.items.*.price',
    'metadata.items.0.price',
    'metadata.ruleID',
    'metadata.a\\.b.\\*',
    'metadata.items\\[\\]',
    'metadata.card number',
    'value',
    'value.card',
    'statsigMetadata.currentPage',
    'statsigMetadata.appVersion',
    'statsigMetadata.stableID',
    '\\card_number',
    '\\receipt.card',
    '\\event_name',
    // The event's own member, though users have one of that name.
    '\\email',
    'user.\\companyID',
  ])('does not include the valid path %s', (path) => {
    expect(redacting(path)).not.toThrow();
  });
});

describe('other paths and names that can match nothing', () => {
  it.each([
    ['user.customIDs.companyID', 'the name companyID, as it is in user.customIDs.'],
    ['customIDs.companyID', 'the name companyID, as it is in user.customIDs.'],
    [' companyID', 'the name companyID, as it is in user.customIDs.'],
    ['userID', 'no such unit ID'],
    ['user.userID', 'no such unit ID'],
  ])('include unitIds: %s', (name, expected) => {
    expect(define({ unitIds: { [name]: 'company_id' } })).toThrow(
      `unitIds.${name}: got "company_id", expected ${expected}`,
    );
  });

  it.each([
    [{ events: { deny: ['statsig::gate_exposure'] } }, 'events.deny.0: got "statsig::gate_exposure"'],
    [{ exposures: { allow: ['a', 'statsig::gate_exposure'] } }, 'exposures.allow.1: got "statsig::gate'],
    [{ exposures: { deny: ['statsig::*'] } }, 'exposures.deny.0: got "statsig::*", expected a gate'],
    [{ events: { deny: [' click'] } }, 'events.deny.0: got " click", expected "click"'],
  ])('include lists of names: %j', (input, expected) => {
    expect(define(input)).toThrow(expected);
  });

  it('do not include names that events can have', () => {
    const events = { deny: ['auto_capture::*', 'statsig::log_line', 'a b'] };
    expect(define({ events, exposures: { deny: ['gate_*', 'my gate'] } })).not.toThrow();
    expect(define({ unitIds: { 'account.id': 'account_id', stableID: 'device' } })).not.toThrow();
  });
});
