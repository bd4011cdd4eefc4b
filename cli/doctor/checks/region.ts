import { ListDeliveryStreamsCommand } from '@aws-sdk/client-firehose';
import { demandRegion } from '../../../infra/demandRegion.ts';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { AwsAccessError } from '../../aws/AwsAccessError.ts';
import type { Check } from '../Check.ts';
import { finding } from '../Finding.ts';

/** The region: Statsig, Athena and the bucket have to be in one, and not every region has all of it. */
export const region: Check = {
  name: 'region',
  expects: 'the region has every service that the stack needs, and the architecture of its functions',
  needs: ['credentials'],
  blocks: ['SLUICE_DOCTOR_REGION_UNFIT'],
  codes: ['SLUICE_DOCTOR_REGION_UNFIT'],
  permissions: ['firehose:ListDeliveryStreams'],
  async run(visit) {
    const { region: name } = await visit.identity();
    try {
      demandRegion(await visit.config(), name);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [finding('SLUICE_DOCTOR_REGION_UNFIT', `${name}: ${error.message.replaceAll(/\s+/g, ' ')}`)];
    }
    const { firehose } = await visit.clients();
    try {
      await visit.ask('firehose:ListDeliveryStreams', () =>
        firehose.send(new ListDeliveryStreamsCommand({ Limit: 1 })),
      );
    } catch (error) {
      // AWS answered who asks a moment ago, so a name that doesn't resolve is that of a service that isn't there.
      if (!(error instanceof AwsAccessError) || !/ENOTFOUND/.test(String(error.cause))) throw error;
      return [finding('SLUICE_DOCTOR_REGION_UNFIT', `${name} has no Firehose: ${error.detail}`)];
    }
    return [];
  },
};
