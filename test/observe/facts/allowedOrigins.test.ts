import { expect, it } from '@jest/globals';
import { allowedOriginsOf } from '../../../observe/facts/allowedOrigins.ts';

const templateOf = (AllowOrigins: unknown) =>
  JSON.stringify({ Resources: { HttpApi: { Properties: { CorsConfiguration: { AllowOrigins } } } } });

it.each([
  {
    what: 'two',
    body: templateOf(['https://a.example', 'https://b.example']),
    origins: ['https://a.example', 'https://b.example'],
  },
  { what: 'none', body: templateOf([]), origins: [] },
  { what: 'all', body: templateOf(['https://a.example', '*']), origins: null },
  { what: 'no setting', body: '{"Resources":{}}', origins: null },
])('a template whose gateway has $what as its origins limits them to $origins', ({ body, origins }) => {
  expect(allowedOriginsOf(body)).toEqual(origins);
});
