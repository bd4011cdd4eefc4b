import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { webhookSender } from '../../../functions/ingest-load/webhookSender.ts';
import { type RecordingTarget, recordingTarget } from '../../harness/recordingTarget.ts';

let target: RecordingTarget;
beforeAll(async () => {
  target = await recordingTarget();
});
afterAll(() => target.close());

const request = (origin: string) => ({
  ...{ origin, path: '/x', headers: { 'content-type': 'application/json' } },
  body: Buffer.from('{}'),
});
/** A host whose DNS answers these addresses. */
const resolving = (...addresses: string[]) => {
  const asked: string[] = [];
  const post = webhookSender((hostname, _, callback) => {
    asked.push(hostname);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  });
  return { asked, post };
};
const port = () => new URL(target.url).port;

describe('a webhook', () => {
  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['169.254.169.254']],
    [['10.0.0.7', 'fd00:ec2::254']],
    [['::ffff:127.0.0.1']],
    [[]],
  ])('whose host has the addresses %j is not called', async (addresses) => {
    const { asked, post } = resolving(...addresses);
    await expect(post(request(`http://hooks.example:${port()}`))).rejects.toMatchObject({
      code: 'SLUICE_RECEIPT_ADDRESS_REFUSED',
    });
    expect(asked).toEqual(['hooks.example']);
    expect(target.recorded).toEqual([]);
  });

  it('is not found if its host is not', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const post = webhookSender((_, __, callback) => callback(error, []));
    await expect(post(request('https://hooks.example'))).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('on this machine is called where the configuration names it', async () => {
    const { asked, post } = resolving();
    expect(await post(request(target.url))).toMatchObject({ status: 202 });
    expect(asked).toEqual([]);
    expect(target.recorded).toMatchObject([{ method: 'POST', url: '/x' }]);
  });
});
