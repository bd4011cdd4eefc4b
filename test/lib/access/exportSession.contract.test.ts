import { describe, expect, it } from '@jest/globals';
import { exportSession } from '../../../lib/access/sessionPolicies.ts';
import {
  type Asked,
  allowedOf,
  allows,
  config,
  DAY,
  everything,
  forbiddenToAll,
  listing,
  listingUploads,
  OWN,
  onObject,
  onTable,
  place,
  policyOf,
  required,
  textsOf,
} from './sessions.ts';

const exported = required(config.exports[0]);
const ofSdks = required(config.exports[2]);

const EXPORT = policyOf('ExportRole');

describe('the session policy of an export', () => {
  const calls = (name: string, table: string): readonly Asked[] => [
    onObject('GetObject', OWN, `statsig/ingested/${table}/${DAY}/v1/a.parquet`),
    listing(OWN, `statsig/ingested/${table}/${DAY}/v1/`),
    onTable('GetPartitions', table),
    onObject('GetObject', OWN, `ledger/exports/${name}/${table}/${DAY}.json`),
    onObject('PutObject', OWN, `ledger/exports/${name}/${table}/${DAY}.json`),
    listing(`${name}-warehouse`, `${name}/${DAY}/`),
    listingUploads(`${name}-warehouse`),
    onObject('PutObject', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
    onObject('DeleteObject', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
    onObject('AbortMultipartUpload', `${name}-warehouse`, `${name}/${DAY}/a.parquet`),
  ];

  const own = calls('acme', 'acme_events');

  it('allows reading its table and writing its customer’s folder, and nothing of another export', async () => {
    const policy = exportSession(place, config, exported);
    await allows(own, policy, own, EXPORT);
    const beyond: readonly Asked[] = [
      ...calls('acme-2', 'acme_2_events'),
      ...forbiddenToAll,
      onObject('GetObject', 'acme-warehouse', 'acme/x'),
      onObject('PutObject', 'acme-warehouse', 'else/x'),
      onObject('PutObject', OWN, `statsig/ingested/acme_events/${DAY}/v1/a.parquet`),
    ];
    await allows([], policy, beyond, EXPORT);
  });

  /** The folder of a day of a table that the collector fills. */
  const forwarded = (statsigFolder: string, kind: string) =>
    `${statsigFolder}/statsig_forwarded_${kind}/statsig_forwarded_${kind}/${DAY}/`;

  it('allows reading the former folders of a table of SDKs while there are any', async () => {
    const folder = forwarded('old', 'exposures');
    const ofOld = [onObject('GetObject', OWN, `${folder}a`), listing(OWN, folder)];
    const former = { ...config, formerStatsigFolders: [{ folder: 'old', until: DAY }] };
    await allows(ofOld, exportSession(place, former, ofSdks), ofOld, everything);
    await allows([], exportSession(place, config, ofSdks), ofOld, everything);
  });

  it('allows reading one table of SDKs, and writing one folder of a customer’s bucket', async () => {
    const reads: readonly Asked[] = [
      onObject('GetObject', OWN, `${forwarded('statsig', 'exposures')}a`),
      onObject('GetObject', OWN, `${forwarded('statsig', 'events')}a`),
      ...own,
    ];
    const sdks = exportSession(place, config, ofSdks);
    // The bucket is the same customer's, the folder another.
    expect(await allowedOf(sdks, reads, EXPORT)).toEqual([
      ...textsOf(reads.slice(0, 1)),
      's3:ListBucketMultipartUploads arn:aws:s3:::acme-warehouse',
    ]);
  });
});
