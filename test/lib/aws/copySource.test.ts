import { expect, it } from '@jest/globals';
import { copySource } from '../../../lib/aws/copySource.ts';

it('the source of a copy is encoded as S3 decodes it', () => {
  expect(copySource('b', 'a b/ü#?+')).toBe('b/a%20b/%C3%BC%23%3F%2B');
  expect(copySource('b', 'k', 'v+1/')).toBe('b/k?versionId=v%2B1%2F');
});
