import { onPretendedGpu } from '../support/pretendedGpu';

test('programs of a GPU call functions of the host: copies of operands and results go over the stream', () => {
  const report = onPretendedGpu('gpuCallbacks.ts');
  expect(report).toMatchObject({
    platform: 'cuda', pure: [3, 5, 7], complex: '[1.-2.j]', empty: [0, 3], ordered: [4, [0, 1, 2, 3]], 'programs within': 64 ** 3, many: [60, 60],
    failure: 'CallbackError: a callback failed: mine', ifelse: 2, afterwards: [2, 2],
  });
  expect(report['wrong size']).toMatch(/expected result 0 of the callback to be of type f32\[2\]/);
  expect(report.promise).toMatch(/returned a Promise/);
});
