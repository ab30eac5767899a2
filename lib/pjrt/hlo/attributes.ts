import { literalText } from './literals';
import type { Attributes, Computation, DotNumbers, Instruction, Int, IotaGroups, MeshGroups, Metadata, ReplicaGroup, Sharding } from './schema';
import { braces, shapeText } from './shapes';

/** Text between double quotes, as C writes it. */
export function escaped(text: string): string {
  return text.replace(/[\\"'\n\r\t]|[^\x20-\x7e]/g, (c) => {
    const short: Record<string, string> = { '\\': '\\\\', '"': '\\"', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t' };
    return short[c] ?? [...new TextEncoder().encode(c)].map((b) => `\\${b.toString(8).padStart(3, '0')}`).join('');
  });
}

export function metadataText(m: Metadata): string {
  const out: string[] = [];
  const text = (name: string, value: string): void => {
    if (value !== '') out.push(`${name}="${escaped(value)}"`);
  };
  const number = (name: string, value: Int): void => {
    if (Number(value) !== 0) out.push(`${name}=${value}`);
  };
  text('op_type', m.opType);
  text('op_name', m.opName);
  text('source_file', m.sourceFile);
  number('source_line', m.sourceLine);
  number('source_end_line', m.sourceEndLine);
  number('source_column', m.sourceColumn);
  number('source_end_column', m.sourceEndColumn);
  if (m.profileType.length > 0) out.push(`profile_type=${braces(m.profileType)}`);
  text('deduplicated_name', m.deduplicatedName);
  text('scheduling_name', m.schedulingName);
  number('stack_frame_id', m.stackFrameId);
  return out.join(' ');
}

/** `{a="1",b="2"}`, sorted by name. */
export function frontendText(a: Attributes): string {
  return `{${[...a.map].sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : 0)).map(({ key, value }) => `${key}=${looksLikeDictionary(value) ? value : `"${escaped(value)}"`}`).join(',')}}`;
}

/** Whether a text is braces that fit together and nothing else: XLA reads such without quotes. */
export function looksLikeDictionary(text: string): boolean {
  if (!text.startsWith('{')) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i === text.length - 1;
  }
  return false;
}

const PRECISIONS = ['default', 'high', 'highest', 'packed_nibble'];
const ALGORITHMS = [
  'unset', 'any_f8_any_f8_f32', 'any_f8_any_f8_f32_fast_accum', 'f16_f16_f16', 'f16_f16_f32', 'bf16_bf16_bf16', 'bf16_bf16_f32', 'bf16_bf16_f32_x3', 'bf16_bf16_f32_x6', 'tf32_tf32_f32', 'tf32_tf32_f32_x3', 'f32_f32_f32', 'f64_f64_f64',
  'bf16_bf16_f32_x9',
];
const FFTS = ['FFT', 'IFFT', 'RFFT', 'IRFFT'];
const DISTRIBUTIONS = ['rng_invalid', 'rng_uniform', 'rng_normal'];
const RNGS = ['rng_default', 'rng_three_fry', 'rng_philox'];
const TRANSPOSES = ['TRANSPOSE_INVALID', 'NO_TRANSPOSE', 'TRANSPOSE', 'ADJOINT'];
const SCHEDULES = ['SCHEDULE_NONE', 'SCHEDULE_LATEST', 'SCHEDULE_EARLIEST'];
const APIS = ['API_VERSION_UNSPECIFIED', 'API_VERSION_ORIGINAL', 'API_VERSION_STATUS_RETURNING', 'API_VERSION_STATUS_RETURNING_UNIFIED', 'API_VERSION_TYPED_FFI'];

const of = (names: readonly string[], i: number): string => names[i] ?? `${i}`;

function precisionText(i: Instruction, out: string[]): void {
  const p = i.precision;
  if (p === null) return;
  if (p.operands.some((x) => x !== 0)) out.push(`operand_precision={${p.operands.map((x) => of(PRECISIONS, x)).join(',')}}`);
  if (p.algorithm !== 0) out.push(`algorithm=dot_${of(ALGORITHMS, p.algorithm)}`);
}

function dotText(d: DotNumbers, out: string[]): void {
  if (d.lhsBatch.length > 0) out.push(`lhs_batch_dims=${braces(d.lhsBatch)}`);
  out.push(`lhs_contracting_dims=${braces(d.lhsContracting)}`);
  if (d.rhsBatch.length > 0) out.push(`rhs_batch_dims=${braces(d.rhsBatch)}`);
  out.push(`rhs_contracting_dims=${braces(d.rhsContracting)}`);
}

function windowText(i: Instruction): string | null {
  const dims = i.window?.dimensions ?? [];
  if (dims.length === 0) return null;
  const by = (name: string, each: (d: (typeof dims)[number]) => string, usual: (d: (typeof dims)[number]) => boolean): string => (dims.every(usual) ? '' : ` ${name}=${dims.map(each).join('x')}`);
  const one = (x: Int): boolean => Number(x) === 1 || Number(x) === 0;
  return (
    `window={size=${dims.map((d) => d.size).join('x')}` +
    by('stride', (d) => `${d.stride}`, (d) => Number(d.stride) === 1) +
    by('pad', (d) => `${d.low}_${d.high}`, (d) => Number(d.low) === 0 && Number(d.high) === 0) +
    by('lhs_dilate', (d) => `${d.baseDilation}`, (d) => one(d.baseDilation)) +
    by('rhs_dilate', (d) => `${d.windowDilation}`, (d) => one(d.windowDilation)) +
    by('rhs_reversal', (d) => (d.reversal ? '1' : '0'), (d) => !d.reversal) +
    '}'
  );
}

function convolutionText(c: NonNullable<Instruction['convolution']>): string {
  const labels = (batch: readonly [string, Int][], spatial: readonly Int[]): string => {
    const out: string[] = [];
    for (const [name, at] of batch) out[Number(at)] = name;
    spatial.forEach((at, k) => {
      out[Number(at)] = `${k}`;
    });
    // Places that no label names, in damaged bytes, have none.
    return Object.values(out).join('');
  };
  const sane = (...xs: Int[]): boolean => xs.every((x) => Number(x) >= 0 && Number(x) < 64);
  if (!sane(c.inputBatch, c.inputFeature, c.kernelInput, c.kernelOutput, c.outputBatch, c.outputFeature, ...c.inputSpatial, ...c.kernelSpatial, ...c.outputSpatial)) return 'dim_labels=?';
  return `dim_labels=${labels([['b', c.inputBatch], ['f', c.inputFeature]], c.inputSpatial)}_${labels([['i', c.kernelInput], ['o', c.kernelOutput]], c.kernelSpatial)}->${labels([['b', c.outputBatch], ['f', c.outputFeature]], c.outputSpatial)}`;
}

function iotaText(g: IotaGroups): string {
  const dims = `[${g.groups},${g.perGroup}]<=[${g.reshape.join(',')}]`;
  return g.reshape.length > 1 && g.perm.some((p, i) => Number(p) !== i) ? `${dims}T(${g.perm.join(',')})` : dims;
}

function meshText(g: MeshGroups): string {
  const axes = g.mesh?.axes ?? [];
  const ids = g.mesh?.deviceIds.length ? `, device_ids=(${g.mesh.deviceIds.join(',')})` : '';
  const named = (a: MeshGroups['axes'][number]): string => `'${axes[Number(a.index)]?.name ?? a.index}'${a.sub === null ? '' : `:(${a.sub.preSize})${a.sub.size}`}`;
  return `mesh[${axes.map((a) => `'${a.name}'=${a.size}`).join(',')}]${ids} {${g.axes.map(named).join(',')}}`;
}

function groupsText(i: Instruction): string {
  if (i.meshDevices !== null) return meshText(i.meshDevices);
  const iota = i.iotaDevices ?? i.devices?.iota ?? null;
  if (iota !== null) return iotaText(iota);
  const groups: readonly ReplicaGroup[] = i.devices?.groups.length ? i.devices.groups : i.replicaGroups;
  return `{${groups.map((g) => braces(g.ids)).join(',')}}`;
}

const SHARDINGS = ['replicated', 'maximal', 'tuple', 'other', 'manual', 'unknown', 'unreduced'];

export function shardingText(s: Sharding): string {
  if (s.type === 2) return `{${s.tuple.map((t, k) => (k > 0 && k % 5 === 0 ? `/*index=${k}*/` : '') + shardingText(t)).join(', ')}}`;
  if (s.type === 1) return `{maximal device=${s.tileDevices[0] ?? 0}}`;
  if (s.type !== 3) return `{${of(SHARDINGS, s.type)}}`;
  const perm = s.iotaDims.length > 1 && s.iotaPerm.some((p, k) => Number(p) !== k) ? `T(${s.iotaPerm.join(',')})` : '';
  const devices = s.iotaDims.length > 0 ? `<=[${s.iotaDims.join(',')}]${perm}` : s.tileDevices.join(',');
  const last = s.replicateOnLast ? ' last_tile_dim_replicate' : s.lastTileDims.length > 0 ? ` last_tile_dims={${s.lastTileDims.map((t) => of(SHARDINGS, t)).join(', ')}}` : '';
  return `{devices=[${s.tileDims.join(',')}]${devices}${last}}`;
}

const FLOATING = /^(f|bf|c)/;

/** Comparisons name their kind only where it is not that of the operands' type. */
function comparisonText(i: Instruction, operandType: string): string[] {
  const out = [`direction=${i.comparisonDirection}`];
  const usual = FLOATING.test(operandType) ? 'FLOAT' : /^(s)/.test(operandType) ? 'SIGNED' : 'UNSIGNED';
  const names: Record<string, string> = { FLOAT_TOTAL_ORDER: 'TOTALORDER' };
  if (i.comparisonType !== '' && i.comparisonType !== usual) out.push(`type=${names[i.comparisonType] ?? i.comparisonType}`);
  return out;
}

/** What an operation has of its own, before the computations that it calls. */
export function ownAttributes(i: Instruction, operandType: string): string[] {
  const out: string[] = [];
  const some = (name: string, dims: readonly Int[]): void => {
    if (dims.length > 0) out.push(`${name}=${braces(dims)}`);
  };
  const flag = (name: string, on: Int): void => {
    if (on) out.push(`${name}=true`);
  };
  const channel = (): void => {
    if (Number(i.channelId) > 0) out.push(`channel_id=${i.channelId}`);
  };
  switch (i.opcode) {
    case 'broadcast': case 'concatenate': case 'reduce': case 'transpose': case 'reverse': case 'map': case 'get-dimension-size': case 'set-dimension-size':
      out.push(`dimensions=${braces(i.dimensions)}`);
      break;
    case 'sort':
      out.push(`dimensions=${braces(i.dimensions)}`);
      flag('is_stable', i.isStable);
      break;
    case 'iota': out.push(`iota_dimension=${i.dimensions[0] ?? 0}`); break;
    case 'compare': out.push(...comparisonText(i, operandType)); break;
    case 'get-tuple-element': out.push(`index=${i.tupleIndex}`); break;
    case 'dot':
      if (i.dot !== null) dotText(i.dot, out);
      precisionText(i, out);
      break;
    case 'convolution': {
      const window = windowText(i);
      if (window !== null) out.push(window);
      if (i.convolution !== null) out.push(convolutionText(i.convolution));
      if (Number(i.featureGroupCount) > 1) out.push(`feature_group_count=${i.featureGroupCount}`);
      if (Number(i.batchGroupCount) > 1) out.push(`batch_group_count=${i.batchGroupCount}`);
      precisionText(i, out);
      break;
    }
    case 'reduce-window': case 'select-and-scatter': {
      const window = windowText(i);
      if (window !== null) out.push(window);
      break;
    }
    case 'slice': {
      const plain = i.slices.every((s) => Number(s.stride) === 1);
      out.push(`slice={${i.slices.map((s) => `[${s.start}:${s.limit}${plain ? '' : `:${s.stride}`}]`).join(', ')}}`);
      break;
    }
    case 'dynamic-slice': out.push(`dynamic_slice_sizes=${braces(i.dynamicSliceSizes)}`); break;
    case 'pad': {
      const dims = i.padding?.dimensions ?? [];
      const interior = dims.some((d) => Number(d.interior) !== 0);
      out.push(`padding=${dims.map((d) => `${d.low}_${d.high}${interior ? `_${d.interior}` : ''}`).join('x')}`);
      break;
    }
    case 'gather': {
      const g = i.gather;
      if (g !== null) {
        out.push(`offset_dims=${braces(g.offsetDims)}`, `collapsed_slice_dims=${braces(g.collapsed)}`, `start_index_map=${braces(g.startIndexMap)}`);
        some('operand_batching_dims', g.operandBatching);
        some('start_indices_batching_dims', g.indicesBatching);
        out.push(`index_vector_dim=${g.indexVectorDim}`);
      }
      out.push(`slice_sizes=${braces(i.gatherSliceSizes)}`);
      flag('indices_are_sorted', i.indicesAreSorted);
      break;
    }
    case 'scatter': {
      const s = i.scatter;
      if (s !== null) {
        out.push(`update_window_dims=${braces(s.updateWindow)}`, `inserted_window_dims=${braces(s.inserted)}`, `scatter_dims_to_operand_dims=${braces(s.toOperand)}`);
        some('input_batching_dims', s.inputBatching);
        some('scatter_indices_batching_dims', s.indicesBatching);
        out.push(`index_vector_dim=${s.indexVectorDim}`);
      }
      flag('indices_are_sorted', i.indicesAreSorted);
      flag('unique_indices', i.uniqueIndices);
      break;
    }
    case 'fft': out.push(`fft_type=${of(FFTS, i.fftType)}`, `fft_length=${braces(i.fftLength)}`); break;
    case 'triangular-solve':
      if (i.triangular !== null) {
        flag('left_side', i.triangular.leftSide);
        flag('lower', i.triangular.lower);
        flag('unit_diagonal', i.triangular.unitDiagonal);
        out.push(`transpose_a=${of(TRANSPOSES, i.triangular.transposeA)}`);
      }
      break;
    case 'cholesky': flag('lower', i.cholesky?.lower ?? 0); break;
    case 'reduce-precision': out.push(`exponent_bits=${i.exponentBits}`, `mantissa_bits=${i.mantissaBits}`); break;
    case 'rng': out.push(`distribution=${of(DISTRIBUTIONS, i.distribution)}`); break;
    case 'rng-bit-generator': out.push(`algorithm=${of(RNGS, i.rngAlgorithm)}`); break;
    case 'rng-get-and-update-state': out.push(`delta=${i.delta}`); break;
    case 'batch-norm-training': case 'batch-norm-inference': case 'batch-norm-grad': out.push(`epsilon=${i.epsilon}`, `feature_index=${i.featureIndex}`); break;
    case 'topk':
      out.push(`k=${i.k}`, `largest=${i.largest ? 'true' : 'false'}`);
      break;
    case 'infeed': if (i.infeedConfig !== '') out.push(`infeed_config="${escaped(i.infeedConfig)}"`); break;
    case 'outfeed': if (i.outfeedConfig !== '') out.push(`outfeed_config="${escaped(i.outfeedConfig)}"`); break;
    case 'send': case 'send-done': case 'recv': case 'recv-done':
      channel();
      flag('is_host_transfer', i.isHostTransfer);
      break;
    case 'all-reduce': case 'all-reduce-start': case 'all-gather': case 'all-gather-start': case 'reduce-scatter': case 'all-to-all': case 'collective-broadcast':
      channel();
      out.push(`replica_groups=${groupsText(i)}`);
      flag('constrain_layout', i.constrainLayout);
      if (i.opcode === 'reduce-scatter') flag('use_global_device_ids', i.useGlobalIds);
      if (!i.opcode.startsWith('all-reduce') && i.dimensions.length > 0) out.push(`dimensions=${braces(i.dimensions)}`);
      if (i.opcode !== 'reduce-scatter') flag('use_global_device_ids', i.useGlobalIds);
      break;
    case 'collective-permute': case 'collective-permute-start':
      channel();
      out.push(`source_target_pairs={${i.sourceTargetPairs.map((p) => braces([p.source, p.target])).join(',')}}`);
      break;
    case 'parameter':
      if (i.parameterReplication?.leaves.length) out.push(`parameter_replication={${i.parameterReplication.leaves.map((x) => (x ? 'true' : 'false')).join(',')}}`);
      break;
    case 'fusion': out.push(`kind=${i.fusionKind}`); break;
    case 'custom-call': customCall(i, out, flag); break;
    case 'async-start': if (i.asyncThread !== '' && i.asyncThread !== 'main') out.push(`async_execution_thread="${i.asyncThread}"`); break;
    default:
  }
  if (i.opcode === 'fusion' && i.aliasing.length > 0) out.push(aliasingText(i));
  if (i.accuracy !== null && (i.accuracy.mode !== 0 || i.accuracy.tolerance !== null)) {
    const t = i.accuracy.tolerance;
    out.push(t !== null ? `result_accuracy={tolerance={atol=${t.atol},rtol=${t.rtol},ulps=${t.ulps}}}` : `result_accuracy={mode=${of(['default', 'highest'], i.accuracy.mode)}}`);
  }
  return out;
}

function aliasingText(i: Instruction): string {
  return `output_to_operand_aliasing={${i.aliasing.map((a) => `${braces(a.output)}: (${a.operand}, ${braces(a.operandIndex)})`).join(', ')}}`;
}

function customCall(i: Instruction, out: string[], flag: (name: string, on: Int) => void): void {
  const window = windowText(i);
  if (window !== null) out.push(window);
  if (i.convolution !== null) out.push(convolutionText(i.convolution));
  if (Number(i.featureGroupCount) > 1) out.push(`feature_group_count=${i.featureGroupCount}`);
  if (Number(i.batchGroupCount) > 1) out.push(`batch_group_count=${i.batchGroupCount}`);
  precisionText(i, out);
  out.push(`custom_call_target="${escaped(i.customCallTarget)}"`);
  if (i.constrainLayout) out.push(`operand_layout_constraints={${i.operandShapes.map((s) => shapeText(s, true)).join(', ')}}`);
  flag('custom_call_has_side_effect', i.hasSideEffect);
  if (i.literal !== null) out.push(`literal=${shapeText(i.literal.shape, false)} ${literalText(i.literal)}`);
  if (i.aliasing.length > 0) out.push(aliasingText(i));
  if (i.schedule !== 0) out.push(`schedule=${of(SCHEDULES, i.schedule)}`);
  if (i.apiVersion > 1) out.push(`api_version=${of(APIS, i.apiVersion)}`);
}

const APPLIED = new Set(['call', 'map', 'reduce', 'reduce-window', 'all-reduce', 'all-reduce-start', 'reduce-scatter', 'scatter', 'sort', 'topk']);

/** Names of the computations that an operation calls. */
export function calledText(i: Instruction, name: (id: Int) => string, operandType: string): string[] {
  const names = i.called.map(name);
  if (names.length === 0) return [];
  const at = (k: number): string => names[k] ?? '?';
  switch (i.opcode) {
    case 'while': return [`condition=${at(1)}`, `body=${at(0)}`];
    case 'select-and-scatter': return [`select=${at(0)}`, `scatter=${at(1)}`];
    case 'conditional': return operandType === 'pred' ? [`true_computation=${at(0)}`, `false_computation=${at(1)}`] : [`branch_computations={${names.join(', ')}}`];
    case 'custom-call': return [`called_computations={${names.join(', ')}}`];
    case 'async-update': case 'async-done': return [];
    default: return APPLIED.has(i.opcode) ? [`to_apply=${at(0)}`] : [`calls=${names.join(', ')}`];
  }
}

/** Whether a computation runs elsewhere than on the main thread. */
export function threadText(c: Computation): string {
  return c.thread !== '' && c.thread !== 'main' ? `, execution_thread="${c.thread}"` : '';
}
