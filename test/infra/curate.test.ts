import { describe, expect, it } from '@jest/globals';
import { viewId } from '../../infra/data/views.ts';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { viewNames } from '../../lib/views/viewNames.ts';

const made = (curate: boolean) =>
  resources({ config: defineConfig({ bucket: 'acme', curate }), service: 'sluice', stage: 'prod' }).Resources;
const on = made(true);
const off = made(false);

describe('curated days in the template', () => {
  it('have their tables always, and everything else only with curate', () => {
    const ofCuration = (stackResources: typeof on) =>
      Object.keys(stackResources).filter((id) => id.includes('Curat'));
    expect(ofCuration(off)).toEqual(['CuratedExposuresTable', 'CuratedEventsTable']);
    expect(ofCuration(on).length).toBeGreaterThan(20);
    expect(Object.keys(on).filter((id) => !id.includes('Curat'))).toEqual(
      Object.keys(off).filter((id) => !id.includes('Curat')),
    );
  });

  it('have tables that a rollback deletes: retained, the next upgrade would find them there', () => {
    for (const id of ['CuratedExposuresTable', 'CuratedEventsTable'])
      expect(off[id]).not.toHaveProperty('DeletionPolicy');
  });

  it('change every view when they are turned off, so that the text without curated days is put back', () => {
    for (const name of viewNames) {
      const [before, after] = [on, off].map((stackResources) => JSON.stringify(stackResources[viewId(name)]));
      expect(before).toBe(
        after?.replace('"comment":"Presto View"', '"comment":"Presto View","sluice_curate":"true"'),
      );
      expect(before).not.toBe(after);
    }
  });

  it('hear of the ends of their own stack’s deployments, and of new raw files', () => {
    expect(on['CurateStackRule']?.Properties).toMatchObject({
      EventPattern: {
        source: ['aws.cloudformation'],
        'detail-type': ['CloudFormation Stack Status Change'],
        detail: {
          'stack-id': [{ Ref: 'AWS::StackId' }],
          'status-details': { status: ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'] },
        },
      },
    });
    expect(on['CurateRawFilesRule']?.Properties).toMatchObject({
      EventPattern: {
        detail: {
          object: {
            key: [
              { prefix: 'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures/' },
              { prefix: 'statsig/statsig_forwarded_events/statsig_forwarded_events/' },
            ],
          },
        },
      },
    });
    const rules = ['CurateRawFilesRule', 'CurateStackRule'].map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
    expect(on['CuratePlanQueuePolicy']?.Properties).toMatchObject({
      PolicyDocument: { Statement: [{ Condition: { ArnEquals: { 'aws:SourceArn': rules } } }] },
    });
  });
});
