import { expect, it } from '@jest/globals';
import { firstEventCommand } from '../../console/page/parts/firstEventCommand.ts';

it.each([
  {
    where: 'the local cloud, which takes any key',
    deployment: { isLocal: true, collector: 'http://127.0.0.1:4700' },
    begins: "curl -X POST http://127.0.0.1:4700/v1/my-product-data -H 'statsig-api-key: client-demo' ",
  },
  {
    where: 'a deployment, which takes its own keys',
    deployment: { isLocal: false, collector: null },
    begins:
      "curl -X POST https://<CollectorUrl>/v1/my-product-data -H 'statsig-api-key: <client key of yours>' ",
  },
])('the first event is sent to $where', ({ deployment, begins }) => {
  expect(firstEventCommand(deployment).slice(0, begins.length)).toBe(begins);
});
