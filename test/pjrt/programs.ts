import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** x + 1 on a vector. `attributes` go to the parameter. */
export function addOne(n: number, attributes = ''): string {
  return `module @add { func.func @main(%a: tensor<${n}xf32> ${attributes}) -> tensor<${n}xf32> {
    %c = stablehlo.constant dense<1.0> : tensor<${n}xf32>
    %r = stablehlo.add %a, %c : tensor<${n}xf32>
    return %r : tensor<${n}xf32> } }`;
}

/** a · a, which takes a while for large n and runs on XLA's threads. */
export function square(n: number): string {
  const t = `tensor<${n}x${n}xf32>`;
  return `module @square { func.func @main(%a: ${t}) -> ${t} {
    %r = stablehlo.dot_general %a, %a, contracting_dims = [1] x [0] : (${t}, ${t}) -> ${t}
    return %r : ${t} } }`;
}

/** (a + b, a - b), the first parameter with attributes. */
export function sumAndDifference(n: number, attributes = ''): string {
  const t = `tensor<${n}xf32>`;
  return `module @two { func.func @main(%a: ${t} ${attributes}, %b: ${t}) -> (${t}, ${t}) {
    %s = stablehlo.add %a, %b : ${t}
    %d = stablehlo.subtract %a, %b : ${t}
    return %s, %d : ${t}, ${t} } }`;
}

export interface ChildResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  ms: number;
}

/** Runs a TypeScript file of this folder's `children` (or a path) in a process of its own. */
export function runChild(file: string, args: string[] = [], env: Record<string, string> = {}, nodeOptions: string[] = []): Promise<ChildResult> {
  const started = Date.now();
  const register = join(__dirname, '..', 'support', 'register.js');
  const path = file.includes('/') ? file : join(__dirname, 'children', file);
  const child = spawn(process.execPath, [...nodeOptions, '-r', register, path, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (d) => {
    stdout += d;
  });
  child.stderr.on('data', (d) => {
    stderr += d;
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr, ms: Date.now() - started })));
}

/** Results of `make(0)` … `make(n - 1)`, two at a time. */
export async function twoAtATime<T>(n: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    for (let i = next++; i < n; i = next++) results[i] = await make(i);
  };
  await Promise.all([run(), run()]);
  return results;
}

/** x ↦ callback `id` of x and then doubled, `loops` times. It takes what {@link import('../../lib/pjrt').Client.compileSync} gives programs with callbacks. */
export function loopOfCallbacks(id: number, n = 4, loops = 1): string {
  const t = `tensor<${n}xf32>`;
  return `module @callbacks { func.func public @main(%x: ${t}, %gate: tensor<ui8>) -> ${t} {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %n = stablehlo.constant dense<${loops}> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %0:2 = stablehlo.while(%i = %zero, %y = %x) : tensor<i32>, ${t}
      cond { %p = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %p : tensor<i1> }
      do { %a = stablehlo.custom_call @xs_callback(%y) {api_version = 4 : i32, backend_config = {id = ${id} : i64}, has_side_effect = true} : (${t}) -> ${t}
        %b = stablehlo.add %a, %a : ${t}
        %j = stablehlo.add %i, %one : tensor<i32>
        stablehlo.return %j, %b : tensor<i32>, ${t} }
    return %0#1 : ${t} } }`;
}
