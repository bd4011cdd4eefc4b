import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../../lib/base/publicAddress.ts';
import { ReceiptError, type ReceiptPorts } from '../../lib/drops/receipt/ReceiptPorts.ts';
import { TARGET_CALL } from '../../lib/relay/limits.ts';
import { httpSender } from '../../lib/relay/sendRequest.ts';
import { LOOPBACK_HOSTS } from '../../lib/schema/relay.ts';

/**
 * Sends receipts to webhooks. A host's own DNS says where its requests go: addresses of this machine, its network and its
 * metadata are refused, unless the configuration itself names this machine.
 */
export function webhookSender(): ReceiptPorts['post'] {
  const local = httpSender();
  const outside = httpSender(TARGET_CALL, publicLookup);
  return (request) => (LOOPBACK_HOSTS.has(new URL(request.origin).hostname) ? local : outside)(request);
}

/** As `dns.lookup`, without addresses that are none of the internet. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, '');
    const addresses = found.filter(({ address }) => isPublicAddress(address));
    const [first] = addresses;
    if (first === undefined)
      return callback(new ReceiptError('SLUICE_RECEIPT_ADDRESS_REFUSED', `${hostname}.`), '');
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
