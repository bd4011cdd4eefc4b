import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { printedPolicies } from '../../../../lib/access/printedPolicies.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { boundaryLook, templateLook } from '../../../../observe/doctor/template.ts';
import { acmeSource, eventsDataset } from '../../../harness/configInput.ts';
import { account } from '../fakeAccount.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
const { findingsOf } = deployed;
afterAll(() => deployed.close());

describe('the template', () => {
  it('is told if it has more resources than packaging takes', async () => {
    const datasets = Array.from({ length: 200 }, (_, i) => eventsDataset({ name: `d${i}` }));
    const sources = ['one', 'two'].map((name) => acmeSource({ name, bucket: `acme-${name}`, datasets }));
    const found = await findingsOf(templateLook, { sources });
    const counts = found.filter((text) => text.includes('resources'));
    expect(counts.map((text) => text.replace(/\d{3} resources/, 'N resources'))).toEqual([
      expect.stringContaining(
        'STACK_TOO_LARGE The template: N resources, at most 500. It grows with `sources`',
      ),
    ]);
  });

  it('is not told if it is small enough', async () => {
    expect(await findingsOf(templateLook, {})).toEqual([]);
  });
});

describe('a permissions boundary', () => {
  const scope = { region: 'us-east-1', account: '000000000000', stack: 'sluice-prod' };
  const arn = (name: string) => `arn:aws:iam::${scope.account}:policy/${name}`;
  const bounded = (name: string) => findingsOf(boundaryLook, { permissionsBoundary: arn(name) });
  const [trials] = printedPolicies('trial', defineConfig({ bucket: 'acme-experiments' }), scope);
  if (trials === undefined) throw new Error('no policy of trials');
  const { document } = trials;

  beforeEach(() => deployed.reset());

  it('is told if it has the name of that of trials, which allows nothing to another stage', async () => {
    account.policies.set(arn('sluice-boundary'), document);
    expect(await bounded('sluice-boundary')).toEqual([
      `BOUNDARY_UNFIT ${arn('sluice-boundary')}: it is the boundary of a trial, which allows nothing to the stage prod.`,
    ]);
  });

  it('is not told of a trial if it is that of trials', async () => {
    account.policies.set(arn('sluice-boundary'), document);
    const name = 'sluice-trial-0a1b2c3d';
    const asked = {
      bucket: name,
      database: 'sluice_trial_0a1b2c3d',
      curate: false,
      athena: { workgroup: name, stagingDatabase: 'sluice_trial_0a1b2c3d_staging' },
      reconcile: false,
      permissionsBoundary: arn('sluice-boundary'),
    };
    expect(await findingsOf(boundaryLook, asked, 'trial-0a1b2c3d')).toEqual([]);
  });

  it("is told if it does not allow the stack's names", async () => {
    account.policies.set(arn('team/renamed'), document);
    const [denied = '', ...more] = await bounded('team/renamed');
    expect(more).toEqual([]);
    expect(denied).toContain(`BOUNDARY_UNFIT ${arn('team/renamed')}: it denies `);
    expect(denied).toContain('; WriteRole logs:CreateLogStream on arn:aws:logs:');
  });

  it('is not told if it allows everything', async () => {
    const all = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
    account.policies.set(arn('workloads'), all);
    expect(await bounded('workloads')).toEqual([]);
  });

  it("is not told if it allows some keys, of which nobody knows yet whether the stack's own will be one", async () => {
    const keyed = {
      Statement: [
        { Effect: 'Allow', NotAction: 'kms:*', Resource: '*' },
        { Effect: 'Allow', Action: 'kms:*', Resource: 'arn:aws:kms:us-east-1:*:key/1*' },
      ],
    };
    account.policies.set(arn('keyed'), keyed);
    expect(await bounded('keyed')).toEqual([]);
  });

  it('is told if it is absent', async () => {
    expect(await bounded('gone')).toEqual([`BOUNDARY_UNFIT ${arn('gone')}: the account has no such policy.`]);
  });

  it('is told as unchecked if it may not be read', async () => {
    account.policies.set(arn('hidden'), null);
    expect(await bounded('hidden')).toEqual([expect.stringMatching(/^UNCHECKED .*iam:GetPolicy/)]);
  });
});
