import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Has a server listen on this machine. @param port Default: a free one. @returns Its address, without a slash at its end. */
export async function listen(server: Server, port = 0): Promise<string> {
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
