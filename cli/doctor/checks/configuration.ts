import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { groupsKey } from '../../../lib/layout/landedFolders.ts';
import type { Check } from '../Check.ts';
import { finding } from '../Finding.ts';

/** The configuration: every other check goes by it, so this comes first. */
export const configuration: Check = {
  name: 'configuration',
  expects: 'the configuration file is there and valid',
  needs: [],
  blocks: ['SLUICE_DOCTOR_CONFIGURATION'],
  codes: ['SLUICE_DOCTOR_CONFIGURATION'],
  permissions: [],
  async run(visit) {
    try {
      await visit.config();
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [finding('SLUICE_DOCTOR_CONFIGURATION', error.message)];
    }
  },
};

/** Whether anything says which gates are holdouts: events do not. */
export const holdouts: Check = {
  name: 'holdouts',
  expects: 'holdouts are known by name: from the configuration, or from specs that were pulled',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_HOLDOUTS_UNKNOWN'],
  permissions: ['s3:ListBucket'],
  async run(visit) {
    const config = await visit.config();
    if (config.holdouts !== null) return [];
    const key = groupsKey(config);
    const { s3 } = await visit.clients();
    const listing = new ListObjectsV2Command({ Bucket: config.bucket, Prefix: key, MaxKeys: 1 });
    const { Contents = [] } = await visit.ask('s3:ListBucket', () => s3.send(listing));
    if (Contents.some(({ Key, Size }) => Key === key && Size !== 0)) return [];
    const missing = `\`holdouts\` is not in the configuration, and there is no s3://${config.bucket}/${key}.`;
    return [finding('SLUICE_DOCTOR_HOLDOUTS_UNKNOWN', missing)];
  },
};
