import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sha256, type WheelSpec } from '../../scripts/pluginStore';

const MAKE = `
import base64, hashlib, sys, zipfile
path, name, version, library = sys.argv[1:]
so = b'\\x7fELF tiny'
record = '%s,sha256=%s,%d\\n' % (library, base64.urlsafe_b64encode(hashlib.sha256(so).digest()).decode().rstrip('='), len(so))
info = '%s-%s.dist-info/' % (name.replace('-', '_'), version)
with zipfile.ZipFile(path, 'w') as z:
    z.writestr(library, so)
    z.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' % (name, version))
    z.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: false\\nTag: py3-none-manylinux_2_17_x86_64\\nTag: py3-none-manylinux2014_x86_64\\n')
    z.writestr(info + 'RECORD', record)
`;

/** Puts a wheel as an index would have it, with a few bytes for a library, into a folder; what the table would say of it. */
export function makeWheel(folder: string, name: string, version: string, library: string): WheelSpec {
  const file = `${name.replaceAll('-', '_')}-${version}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`;
  const made = spawnSync('python3', ['-c', MAKE, join(folder, file), name, version, library], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  return { package: name, version, library, wheels: { [process.arch]: [{ name, version, file, sha256: sha256(join(folder, file)) }] } };
}
