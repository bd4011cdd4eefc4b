import { describe, expect, it } from '@jest/globals';
import { matchRoute } from '../../src/gateway/HttpApi.ts';

/** The key of the route that a request is sent to, and its variables. The routes stand in both orders in turn. */
function matched(routeKeys: readonly string[], request: string) {
  const [method = '', path = ''] = request.split(' ');
  const routes = routeKeys.map((routeKey) => ({ routeKey, functionName: 'f', timeoutMs: 50 }));
  const [first, second] = [routes, routes.toReversed()].map((inOrder) => matchRoute(inOrder, method, path));
  expect(second).toEqual(first);
  return first && { routeKey: first.route.routeKey, ...first.pathParameters };
}

describe('the route of a request', () => {
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html has these routes and requests.
  const PETS = ['GET /pets/dog/1', 'GET /pets/dog/{id}', 'GET /pets/{proxy+}', 'ANY /{proxy+}', '$default'];

  it.each([
    { request: 'GET /pets/dog/1', expected: { routeKey: 'GET /pets/dog/1' } },
    { request: 'GET /pets/dog/2', expected: { routeKey: 'GET /pets/dog/{id}', id: '2' } },
    { request: 'GET /pets/cat/1', expected: { routeKey: 'GET /pets/{proxy+}', proxy: 'cat/1' } },
    { request: 'POST /test/5', expected: { routeKey: 'ANY /{proxy+}', proxy: 'test/5' } },
    { request: 'GET /', expected: { routeKey: '$default' } },
  ])('is the most specific one of those in the guide for $request', ({ request, expected }) => {
    expect(matched(PETS, request)).toEqual(expected);
  });

  it.each([
    {
      keys: ['GET /{kind}/1', 'GET /pets/{id}'],
      request: 'GET /pets/1',
      expected: { routeKey: 'GET /pets/{id}', id: '1' },
    },
    {
      keys: ['GET /{a}/{b}', 'GET /{a}/x'],
      request: 'GET /y/x',
      expected: { routeKey: 'GET /{a}/x', a: 'y' },
    },
    {
      keys: ['GET /{proxy+}', 'GET /a/{proxy+}'],
      request: 'GET /a/b',
      expected: { routeKey: 'GET /a/{proxy+}', proxy: 'b' },
    },
    {
      keys: ['GET /{a}/{proxy+}', 'GET /{proxy+}'],
      request: 'GET /b/c',
      expected: { routeKey: 'GET /{a}/{proxy+}', a: 'b', proxy: 'c' },
    },
    {
      keys: ['ANY /a/{proxy+}', 'GET /{proxy+}'],
      request: 'GET /a/b',
      expected: { routeKey: 'ANY /a/{proxy+}', proxy: 'b' },
    },
    { keys: ['ANY /a', 'GET /a'], request: 'GET /a', expected: { routeKey: 'GET /a' } },
  ])(
    'of $keys is, for $request, the one with the longer literal beginning, then the one of its method',
    ({ keys, request, expected }) => {
      expect(matched(keys, request)).toEqual(expected);
    },
  );

  it('may have any name for a variable that API Gateway takes', () => {
    expect(matched(['GET /{my-id}/{a.b_c:d+}'], 'GET /1/2/3')).toEqual({
      routeKey: 'GET /{my-id}/{a.b_c:d+}',
      'my-id': '1',
      'a.b_c:d': '2/3',
    });
  });

  it('has a value for each of its variables', () => {
    const routeKeys = ['GET /pets/{id}', 'GET /pets/{id}/toys', 'GET /pets/{id}/toys/{proxy+}'];
    expect(matched(routeKeys, 'GET /pets/1')).toMatchObject({ id: '1' });
    for (const path of ['/pets/', '/pets//toys', '/pets//toys/1', '/pets/1/toys/'])
      expect(matched(routeKeys, `GET ${path}`)).toBeUndefined();
  });

  it('decodes values of variables, and leaves those that are not UTF-8 as they are', () => {
    expect(matched(['GET /{a}/{b}'], 'GET /caf%C3%A9/%FF')).toMatchObject({ a: 'café', b: '%FF' });
  });
});
