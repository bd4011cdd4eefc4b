import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { expect, it } from '@jest/globals';
import { startDeployment } from './startDeployment.ts';

/** Node reports each HTTP request that a client begins: https://nodejs.org/api/diagnostics_channel.html#http */
const CHANNEL = 'http.client.request.start';

it('sluice doctor lists no folder twice', async () => {
  const deployed = await startDeployment();
  const asked: string[] = [];
  const record = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest };
    asked.push(`${request.method} ${request.path}`);
  };
  subscribe(CHANNEL, record);
  try {
    expect((await deployed.doctor()).code).toBe(0);
    const lists = asked.filter((question) => question.includes('list-type=2'));
    expect(lists.length).toBeGreaterThan(5);
    expect(lists.filter((question, i) => lists.indexOf(question) < i)).toEqual([]);
  } finally {
    unsubscribe(CHANNEL, record);
    await deployed.close();
  }
}, 120_000);
