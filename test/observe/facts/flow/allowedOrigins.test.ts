import { expect, it } from '@jest/globals';
import { allowedOriginsOf } from '../../../../observe/facts/flow/allowedOrigins.ts';
import { isOfBrowsers } from '../../../../observe/facts/tables/contentChanges.ts';
import { missingChange } from '../../statusFacts.ts';

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

it.each([
  { value: 'javascript-client', kind: 'less', is: true },
  { value: 'javascript-client-react', kind: 'less', is: true },
  { value: 'js-client', kind: 'less', is: true },
  { value: 'javascript-client-react-native', kind: 'less', is: false },
  { value: 'javascript-client-expo', kind: 'less', is: false },
  { value: 'py-server', kind: 'less', is: false },
  { value: 'js-client', kind: 'more', is: false },
] as const)('$kind from $value is of browsers: $is', ({ value, kind, is }) => {
  expect(isOfBrowsers({ ...missingChange, what: 'sdk', kind, value })).toBe(is);
});
