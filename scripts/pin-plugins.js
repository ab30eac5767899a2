#!/usr/bin/env node
// Writes scripts/plugins.json: the wheels of every plugin and library with the hashes that the package index states for them. Nothing is
// kept of what pip looks at. Run by hand when a pin is to move, never on install: `node scripts/pin-plugins.js`.
'use strict';
const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const SPECS = {
  cpu: { package: 'xla-cpu-pjrt', version: '0.0.1', platform: 'cpu', library: 'xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so' },
  cuda12: {
    package: 'jax-cuda12-pjrt', version: '0.10.2', platform: 'cuda', library: 'jax_plugins/xla_cuda12/xla_cuda_plugin.so',
    requirement: 'jax-cuda12-plugin[with-cuda]==0.10.2',
  },
  cuda13: {
    package: 'jax-cuda13-pjrt', version: '0.10.2', platform: 'cuda', library: 'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
    requirement: 'jax-cuda13-plugin[with-cuda]==0.10.2',
  },
  // AMD's libraries are no wheels of the index: ROCm 7 must be on the machine (/opt/rocm).
  rocm7: { package: 'jax-rocm7-pjrt', version: '0.10.2', platform: 'rocm', library: 'jax_plugins/xla_rocm7/xla_rocm_plugin.so' },
  // No plugin: what CPU programs hand large products to, where it is there.
  openblas: { package: 'scipy-openblas32', version: '0.3.34.481.3', kind: 'library', library: 'scipy_openblas32/lib/libscipy_openblas.so' },
};
// JAX's Python extension, and headers that only compiling C++ needs.
const NOT_NEEDED = /^jax-cuda\d+-plugin$|^nvidia-cuda-(cccl|crt)(-cu\d+)?$/;
const GLIBC = [5, 12, 17, 24, 25, 26, 27, 28];

function resolve(requirement, arch) {
  const dir = mkdtempSync(join(tmpdir(), 'xlastate-pin-'));
  try {
    const report = join(dir, 'report.json');
    const tags = [...GLIBC.map((n) => `manylinux_2_${n}_${arch}`), ...['manylinux1', 'manylinux2010', 'manylinux2014'].map((t) => `${t}_${arch}`)];
    const r = spawnSync('python3', ['-m', 'pip', 'install', '--dry-run', '--quiet', '--ignore-installed', '--only-binary=:all:',
      '--target', join(dir, 'none'), '--python-version', '3.12', ...tags.flatMap((t) => ['--platform', t]), '--report', report, requirement], { encoding: 'utf8' });
    if (r.status !== 0) {
      process.stderr.write(`no wheels of ${requirement} for ${arch}\n`);
      return null;
    }
    return JSON.parse(readFileSync(report, 'utf8')).install
      .filter((i) => !NOT_NEEDED.test(i.metadata.name))
      .map((i) => ({
        name: i.metadata.name, version: i.metadata.version,
        file: decodeURIComponent(i.download_info.url.split('/').pop()), sha256: i.download_info.archive_info.hashes.sha256,
      }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const table = {};
for (const [name, { requirement, ...spec }] of Object.entries(SPECS)) {
  const wheels = {};
  for (const [arch, nodeArch] of [['x86_64', 'x64'], ['aarch64', 'arm64']]) {
    const list = resolve(requirement ?? `${spec.package}==${spec.version}`, arch);
    if (list !== null) wheels[nodeArch] = list.sort((a, b) => Number(b.name === spec.package) - Number(a.name === spec.package) || (a.name < b.name ? -1 : 1));
  }
  table[name] = { ...spec, wheels };
}
writeFileSync(join(__dirname, 'plugins.json'), `${JSON.stringify(table, null, 2)}\n`);
