import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const unitIds = { companyID: 'company_id', 'Team-ID': 'team', 'account.id': 'account_id' };
const define = (input: Partial<ConfigInput>) => () => defineConfig({ bucket: 'acme', ...input });
const redacting = (path: string, action: 'drop' | 'hash' = 'drop') =>
  define({ unitIds, privacy: { redact: { [path]: action }, salt: 'sixteen characters' } });

describe('a redaction path that can match nothing', () => {
  it.each([
    ['email', 'user.email'],
    ['Email', 'user.email'],
    ['userID', 'user.userID'],
    ['user_id', 'user.userID'],
    ['ip', 'user.ip'],
    ['userAgent', 'user.userAgent'],
    ['custom.plan', 'user.custom.plan'],
    ['custom.*', 'user.custom.*'],
    ['customIDs.companyID', 'user.customIDs.companyID'],
    ['custom_ids.companyID', 'user.customIDs.companyID'],
    ['companyID', 'user.customIDs.companyID'],
    ['company_id', 'user.customIDs.companyID'],
    ['team', 'user.customIDs.Team-ID'],
    ['stableID', 'user.customIDs.stableID'],
    ['stable_id', 'user.customIDs.stableID'],
    ['sessionID', 'statsigMetadata.sessionID'],
    ['currentPage', 'statsigMetadata.currentPage'],
    ['ruleID', 'metadata.ruleID'],
    ['event_value', 'value'],
    ['user_object.email', 'user.email'],
    ['user_dimensions.custom.plan', 'user.custom.plan'],
    ['company_metadata.card', 'metadata.card'],
    ['statsig_metadata.currentPage', 'statsigMetadata.currentPage'],
    ['users.email', 'user.email'],
    ['usr.email', 'user.email'],
    ['metdata.card', 'metadata.card'],
    ['event.user.email', 'user.email'],
    ['events.*.user.email', 'user.email'],
    ['events[0].user.email', 'user.email'],
    ['events.metadata.card', 'metadata.card'],
    ['event.email', 'user.email'],
    ['body.user.email', 'user.email'],
    ['$.user.email', 'user.email'],
    ['/user/email', 'user.email'],
    ["user['email']", 'user.email'],
    ['user/email', 'user.email'],
    ['/user/email/', 'user.email'],
    ['user->email', 'user.email'],
    ['user[email]', 'user.email'],
    ['user.[email]', 'user.email'],
    ['user_email', 'user.email'],
    ['userEmail', 'user.email'],
    ['user.customID.companyID', 'user.customIDs.companyID'],
    ['user.customIDs.company_id', 'user.customIDs.companyID'],
    ['user.customIDs.stable_id', 'user.customIDs.stableID'],
    ['custom_ids.company_id', 'user.customIDs.companyID'],
    ['account_id', 'user.customIDs.account\\.id'],
    ['metadata.items[0].price', 'metadata.items.0.price'],
    ['metadata.items[*].price', 'metadata.items.*.price'],
    ['metadata.items[].price', 'metadata.items.*.price'],
    [' user.email', 'user.email'],
    ['user. email', 'user.email'],
    ['user.user.email', 'user.email'],
    ['user.user_id', 'user.userID'],
    ['user.user_agent', 'user.userAgent'],
    ['user.ipAddress', 'user.ip'],
    ['user.custom_ids.companyID', 'user.customIDs.companyID'],
    ['user.companyID', 'user.customIDs.companyID'],
    ['user.stableID', 'user.customIDs.stableID'],
    ['user.sessionID', 'statsigMetadata.sessionID'],
    ['user.tier', 'user.statsigEnvironment.tier'],
    ['statsigMetadata.email', 'user.email'],
    ['statsigMetadata.session_id', 'statsigMetadata.sessionID'],
    ['statsigMetadata.event.card', 'card'],
  ])('is rejected with a suggestion: %s for %s', (path, meant) => {
    expect(redacting(path)).toThrow(
      `privacy.redact: got ${JSON.stringify(path)}, expected ${meant}: events have that there.`,
    );
    // The proposed paths are accepted.
    expect(redacting(meant)).not.toThrow();
  });

  it.each([
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
    'user.nickname',
    'user.customIDs.userID',
    'user.customIDs.deviceID',
    'metadata.event_name',
    'metadata.a/b',
    'user.custom.email',
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
    'allocatedExperimentHash',
    'card_number',
    'receipt.card',
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
    ['user.Email', 'expected user.email: events have that there.'],
    ['user.userId', 'expected user.userID: events have that there.'],
    ['user.companyID', 'expected user.customIDs.companyID: events have that there.'],
    ['user.customIds.companyID', 'expected user.customIDs.companyID: events have that there.'],
    ['statsigMetadata.sessionId', 'expected statsigMetadata.sessionID: events have that there.'],
    ['statsigMetadata.email', 'expected user.email: events have that there.'],
    ['user.privateAttributes.ssn', 'expected another path: private attributes are taken out of every event.'],
  ])('include jsonPaths: %s', (path, expected) => {
    expect(define({ unitIds, jsonPaths: { plan: path } })).toThrow(
      `jsonPaths.plan: got ${JSON.stringify(path)}, ${expected}`,
    );
  });

  it.each([
    ['email', 'user.email'],
    ['custom.plan', 'user.custom.plan'],
    ['User.email', 'user.email'],
    ['$.user.custom.plan', 'user.custom.plan'],
    ['metadata[sku]', 'metadata.sku'],
    ['plan', null],
  ])('include the invalid path of jsonPaths %s, with a suggestion', (path, meant) => {
    const told = `none of them a number.${meant === null ? '' : ` Did you mean ${meant}?`}`;
    expect(define({ jsonPaths: { plan: path } })).toThrow(told);
    if (meant === null) expect(define({ jsonPaths: { plan: path } })).not.toThrow('Did you mean');
  });

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
