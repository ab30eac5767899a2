import { type Array, ConcreteArray } from '../core/array';
import { ShapedArray } from '../core/aval';
import { mainBackend } from '../core/backend';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { encode } from '../core/hostFormat';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, type AxisData, type BatchDim, defineMultiPrimitive, type MaybeZero, type MultiPrimitive } from '../core/primitive';
import { BatchingError, materialize } from '../interpreters/batch';
import { hoistConsts, stage } from '../interpreters/stage';
import type { HostCallback } from '../pjrt';
import { isPromise } from '../pjrt/promises';
import { hlo } from '../stablehlo';
import { scanP } from './scan';
import { indexInDim, moveaxis, reshape } from './structural';

/** A function of the host on flat arrays that have values. */
export type FlatCallback = (args: readonly Array[]) => readonly Array[] | Promise<readonly Array[]>;

/** How a pure callback is mapped; see `pureCallback`. */
export type VmapMethod = 'sequential' | 'sequential_unrolled' | 'expand_dims' | 'broadcast_all' | 'legacy_vectorized';

export interface PureCallbackParams {
  callback: FlatCallback;
  resultAvals: readonly ShapedArray[];
  sharding: null;
  vmapMethod: VmapMethod | null;
}

export interface IoCallbackParams {
  callback: FlatCallback;
  resultAvals: readonly ShapedArray[];
  sharding: null;
  ordered: boolean;
}

export interface DebugCallbackParams {
  callback: FlatCallback;
  effect: 'Debug' | 'OrderedDebug';
  partitioned: false;
}

// ---- the host's side ----

function checkResults(name: string, results: readonly Array[], avals: readonly ShapedArray[]): void {
  if (results.length !== avals.length) throw new ArgumentError(`${name}: expected the callback to return ${avals.length} array${avals.length === 1 ? '' : 's'}, got ${results.length}`);
  results.forEach((x, i) => {
    const a = avals[i]!;
    if (x.shape.length !== a.shape.length || x.shape.some((d, k) => d !== a.shape[k])) throw new ShapeError(`${name}: expected result ${i} of the callback to be of type ${a}, got ${x.aval}`);
    // Weakly typed values are plain numbers, which take the type that is asked for.
    if (x.dtype !== a.dtype && !x.weakType) throw new DtypeError(`${name}: expected result ${i} of the callback to be of type ${a}, got ${x.aval}`);
  });
}

// Operands go to the client outside of callbacks: that they can be read needs no program, and so no other client.
export function operand(data: ArrayBuffer | Uint8Array, aval: ShapedArray): Array {
  return new ConcreteArray(aval, mainBackend().client.bufferFromHost(data, aval.dtype, aval.shape));
}

function hostCallback(name: string, f: FlatCallback, ins: readonly ShapedArray[], outs: readonly ShapedArray[], ordered: boolean): HostCallback {
  const bytes = (values: readonly Array[]) => {
    checkResults(name, values, outs);
    const parts: Uint8Array[] = values.map((x, i) => encode(x.dataSync(), outs[i]!.dtype));
    if (ordered) parts.push(new Uint8Array(1));
    return parts;
  };
  return (inputs) => {
    const results = f(ins.map((a, i) => operand(inputs[i]!, a)));
    if (!isPromise(results)) return bytes(results);
    return results.then(async (values) => {
      await Promise.all(values.map((x) => x.ready()));
      return bytes(values);
    });
  };
}

// Types smaller than a byte are packed in device memory: they travel as bytes.
const WIDER: Record<string, 'int8' | 'uint8'> = { int2: 'int8', int4: 'int8', uint2: 'uint8', uint4: 'uint8' };

function travelling(name: string, aval: ShapedArray): ShapedArray {
  if (aval.dtype === 'float4_e2m1fn') throw new DtypeError(`${name}: arrays of type ${aval} cannot be given to or by callbacks`);
  const wider = WIDER[aval.dtype];
  return wider === undefined ? aval : aval.withDtype(wider);
}

function lowerCallback(name: string, ctx: LoweringContext, args: readonly IrValue[], callback: FlatCallback, outs: readonly ShapedArray[], options: { sideEffect: boolean; ordered: boolean }): IrValue[] {
  if (ctx.platform !== 'cpu' && ctx.platform !== 'cuda') throw new ArgumentError(`${name}: programs of the platform '${ctx.platform}' cannot call functions of the host; run the function that calls it eagerly, or on the CPU or an NVIDIA GPU`);
  const convert = (x: IrValue, to: ShapedArray) => (x.aval.dtype === to.dtype ? x : hlo.op(ctx, 'convert', [x], to));
  const ins = args.map((x) => convert(x, travelling(name, x.aval)));
  const results = ctx.callback(hostCallback(name, callback, args.map((x) => x.aval.strong()), outs, options.ordered), ins, outs.map((a) => travelling(name, a)), options);
  return results.map((x, i) => convert(x, outs[i]!));
}

/** Calls at once, where there are values. */
function callNow(name: string, callback: FlatCallback, args: readonly Array[], avals: readonly ShapedArray[]): Array[] {
  const results = callback(args);
  if (isPromise(results)) {
    results.catch(() => {});
    throw new ArgumentError(`${name}: the callback returned a Promise, and the call is not part of a compiled function; use jit, or a synchronous callback`);
  }
  checkResults(name, results, avals);
  return results.map((x, i) => (x.dtype === avals[i]!.dtype && !x.weakType ? x : ConcreteArray.fromHost(encode(x.dataSync(), avals[i]!.dtype), avals[i]!)));
}

// ---- mapping ----

function mapSequentially(name: string, bind: (args: Array[]) => Array[], axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], unroll: number): [Array[], BatchDim[]] {
  const consts = args.filter((_, i) => dims[i] === null);
  const xs = args.flatMap((x, i) => (dims[i] === null ? [] : [moveaxis(x, dims[i]!, 0)]));
  const rowAvals = xs.map((x) => x.aval.withShape(x.shape.slice(1)));
  const { closed, consts: none } = hoistConsts(stage((values) => {
    let [c, r] = [0, consts.length];
    return bind(dims.map((d) => (d === null ? values[c++]! : values[r++]!)));
  }, [...consts.map((x) => x.aval), ...rowAvals], name));
  const outs = scanP.bind({ jaxpr: closed, length: axis.size, numCarry: 0, numConsts: none.length + consts.length, reverse: false, unroll }, ...none, ...consts, ...xs);
  return [outs, outs.map(() => 0)];
}

function batchPure(axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], p: PureCallbackParams): [Array[], BatchDim[]] {
  const { vmapMethod } = p;
  switch (vmapMethod) {
    case 'sequential':
      return mapSequentially('pure_callback', (xs) => pureCallbackP.bind(p, ...xs), axis, args, dims, 1);
    case 'sequential_unrolled':
      return mapSequentially('pure_callback', (xs) => pureCallbackP.bind(p, ...xs), axis, args, dims, Math.max(1, axis.size));
    case 'expand_dims': case 'broadcast_all': case 'legacy_vectorized': {
      const moved = args.map((x, i) => {
        if (dims[i] !== null) return moveaxis(x, dims[i]!, 0);
        return vmapMethod === 'expand_dims' ? reshape(x, [1, ...x.shape]) : vmapMethod === 'broadcast_all' ? materialize(x, null, axis.size) : x;
      });
      const outs = pureCallbackP.bind({ ...p, resultAvals: p.resultAvals.map((a) => a.withShape([axis.size, ...a.shape])) }, ...moved);
      return [outs, outs.map(() => 0)];
    }
    default:
      throw new BatchingError("pure_callback: to be mapped by vmap it needs a vmapMethod: 'sequential', 'sequential_unrolled', 'expand_dims', 'broadcast_all' or 'legacy_vectorized'");
  }
}

const doubled: FlatCallback = ([x]) => [ConcreteArray.fromHost(Float32Array.from(x!.dataSync() as ArrayLike<number>, (v) => 2 * v), x!.aval)];
const vector = new ShapedArray([3], 'float32');

// ---- primitives ----

/** A function of the host without effects, called as often as the compiler likes. Mirrors JAX's `pure_callback`. */
export const pureCallbackP: MultiPrimitive<PureCallbackParams> = defineMultiPrimitive<PureCallbackParams>({
  name: 'pure_callback',
  abstract: (_, { resultAvals }) => resultAvals,
  lower: (ctx, args, { callback }, outs) => lowerCallback('pureCallback', ctx, args, callback, outs, { sideEffect: false, ordered: false }),
  impl: (args, { callback, resultAvals }) => callNow('pureCallback', callback, args, resultAvals),
  jvp: absent('the derivative of a callback is not known; give the function that calls it one by customJvp or customVjp'),
  transpose: absent('a callback is not known to be linear; use customVjp'),
  batch: batchPure,
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32', constant: true }], params: { callback: doubled, resultAvals: [vector], sharding: null, vmapMethod: 'expand_dims' } }],
});

/** A function of the host with effects, called once each time the program comes to it. Mirrors JAX's `io_callback`. */
export const ioCallbackP: MultiPrimitive<IoCallbackParams> = defineMultiPrimitive<IoCallbackParams>({
  name: 'io_callback',
  abstract: (_, { resultAvals }) => resultAvals,
  lower: (ctx, args, { callback, ordered }, outs) => lowerCallback('ioCallback', ctx, args, callback, outs, { sideEffect: true, ordered }),
  impl: (args, { callback, resultAvals }) => callNow('ioCallback', callback, args, resultAvals),
  effects: ({ ordered }) => (ordered ? ['io', 'ordered'] : ['io']),
  jvp: absent('a callback with effects has no derivative; stop the gradient of its arguments (lax.stopGradient), or use customJvp'),
  transpose: absent('a callback with effects is not linear'),
  batch: (axis, args, dims, p) => {
    if (p.ordered) throw new BatchingError('io_callback: an ordered callback cannot be mapped by vmap');
    return mapSequentially('io_callback', (xs) => ioCallbackP.bind(p, ...xs), axis, args, dims, 1);
  },
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32', constant: true }], params: { callback: doubled, resultAvals: [vector], sharding: null, ordered: false } }],
});

/** A function of the host that looks at values: transformations let it be. Mirrors JAX's `debug_callback`. */
export const debugCallbackP: MultiPrimitive<DebugCallbackParams> = defineMultiPrimitive<DebugCallbackParams>({
  name: 'debug_callback',
  abstract: () => [],
  lower: (ctx, args, { callback, effect }) => lowerCallback('debug.callback', ctx, args, callback, [], { sideEffect: true, ordered: effect === 'OrderedDebug' }),
  impl: (args, { callback }) => {
    void callback(args);
    return [];
  },
  effects: ({ effect }) => (effect === 'OrderedDebug' ? ['debug', 'ordered'] : ['debug']),
  jvp: (primals, _tangents: readonly MaybeZero[], p) => [debugCallbackP.bind(p, ...primals), []],
  transpose: (_cts, args) => args.map(() => null),
  // Once for each entry.
  batch: (axis, args, dims, p) => {
    for (let k = 0; k < axis.size; k++) debugCallbackP.bind(p, ...args.map((x, i) => (dims[i] === null ? x : indexInDim(x, k, dims[i]!))));
    return [[], []];
  },
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32' }], params: { callback: () => [], effect: 'Debug', partitioned: false } }],
});
