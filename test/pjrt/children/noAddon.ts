// A package whose addon is missing.
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = mkdtempSync(join(tmpdir(), 'xlastate-'));
for (const file of ['native.ts', 'errors.ts', 'types.ts', 'userSite.ts']) cpSync(join(__dirname, '../../../lib/pjrt', file), join(root, 'lib/pjrt', file));
cpSync(join(__dirname, '../../../scripts/addonPaths.js'), join(root, 'scripts/addonPaths.js'));
writeFileSync(join(root, 'package.json'), '{}');
delete process.env.XLASTATE_ADDON;
const { native } = require(join(root, 'lib/pjrt/native.ts')) as typeof import('../../../lib/pjrt/native');
try {
  native();
} catch (e) {
  console.log((e as { code: string }).code, (e as Error).message);
}
