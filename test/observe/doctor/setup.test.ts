import { STSClient } from '@aws-sdk/client-sts';
import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { openClients } from '../../../observe/doctor/clients.ts';
import { readSetup } from '../../../observe/doctor/Setup.ts';
import { answeredBy } from '../../harness/answering.ts';

it('a region in which the stack cannot be is found before STS is asked, which there is none of', async () => {
  const about = {
    config: defineConfig({ bucket: 'own' }),
    stack: { service: 'sluice', stage: 'prod' },
    isLocal: false,
    now: Date.UTC(2026, 10, 20),
  };
  const deployment = openDeployment(about, { region: 'xx-nowhere-1' });
  const clients = openClients(deployment.aws);
  try {
    const sts = answeredBy(STSClient, () => {
      throw new Error('getaddrinfo ENOTFOUND sts.xx-nowhere-1.amazonaws.com');
    });
    expect(await readSetup(deployment, { ...clients, sts })).toMatchObject({
      code: 'SLUICE_FINDING_REGION_UNFIT',
      detail: 'xx-nowhere-1.',
    });
  } finally {
    deployment.close();
    for (const client of Object.values(clients)) client.destroy();
  }
});
