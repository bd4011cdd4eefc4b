import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from '../../lib/base/publicAddress.ts';
import { ReceiptError, type ReceiptPorts } from '../../lib/drops/receipt/ReceiptPorts.ts';
import { TARGET_CALL } from '../../lib/relay/limits.ts';
import { httpSender } from '../../lib/relay/sendRequest.ts';
import { LOOPBACK_HOSTS } from '../../lib/schema/relay.ts';

/** Finds all addresses of a host, as `dns.lookup` does. */
type FindAddresses = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/**
 * Sends receipts to webhooks. A host's own DNS says where its requests go: addresses of this machine, its network and its
 * metadata are refused, unless the configuration itself names this machine.
 *
 * @param find Default `dns.lookup`.
 */
export function webhookSender(find: FindAddresses = lookup): ReceiptPorts['post'] {
  const local = httpSender();
  const outside = httpSender(TARGET_CALL, publicLookup(find));
  return (request) => (LOOPBACK_HOSTS.has(new URL(request.origin).hostname) ? local : outside)(request);
}

/** Without addresses that are none of the internet. */
function publicLookup(find: FindAddresses): LookupFunction {
  return (hostname, options, callback) => {
    find(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const addresses = found.filter(({ address }) => isPublicAddress(address));
      const [first] = addresses;
      if (first === undefined)
        return callback(new ReceiptError('SLUICE_RECEIPT_ADDRESS_REFUSED', `${hostname}.`), '');
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
