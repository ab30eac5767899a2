// A package whose addon is missing.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = mkdtempSync(join(tmpdir(), 'xlastate-'));
cpSync(join(__dirname, '../../../lib/pjrt'), join(root, 'lib/pjrt'), { recursive: true });
writeFileSync(join(root, 'package.json'), '{}');
delete process.env.XLASTATE_ADDON;
const { Plugin } = require(join(root, 'lib/pjrt/index.ts')) as typeof import('../../../lib/pjrt');
try {
  Plugin.load('/none.so');
} catch (e) {
  console.log((e as { code: string }).code, (e as Error).message);
}
